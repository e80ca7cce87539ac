"""Whether every state can be entered, and left unless it is final."""

from collections.abc import Iterator

from state_machines.check.document import Document, Finding
from state_machines.subject import INITIAL


def unreachable_states(document: Document) -> Iterator[Finding]:
    """Every state can be reached from `initial`."""
    reached = _reached(document)
    for n, state in enumerate(document.definition.states):
        if state.name not in reached:
            yield Finding(
                f"states[{n}].name", "unreachable-state", f"no way leads from 'initial' to {state.name!r}"
            )


def dead_ends(document: Document) -> Iterator[Finding]:
    """Every state that is not final has a transition to another one."""
    left = {source for _, _, source, dest in document.moves() if source != dest}
    for n, state in enumerate(document.definition.states):
        if not state.final and state.name not in left:
            yield Finding(
                f"states[{n}].name", "dead-end", f"{state.name!r} is not final, and nothing leads out of it"
            )


def _reached(document: Document) -> set[str]:
    ways: dict[str, set[str]] = {}
    for _, _, source, dest in document.moves():
        ways.setdefault(source, set()).add(dest)
    reached: set[str] = set()
    ahead = [INITIAL]
    while ahead:
        for dest in ways.get(ahead.pop(), set()) - reached:
            reached.add(dest)
            ahead.append(dest)
    return reached
