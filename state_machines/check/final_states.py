"""A final state is the end: no way out of it. (That no timer runs in it is seen to when it is compiled.)"""

from collections.abc import Iterator

from state_machines.check.document import REFLEXIVE, Document, Finding


def final_exits(document: Document) -> Iterator[Finding]:
    """No transition leaves a final state; an internal one (no `dest`) may still take note of something."""
    for path, transition, sources in document.transitions:
        for state in sources:
            declared = document.states.get(state)
            if declared is not None and declared.final and transition.dest is not None:
                yield Finding(f"{path}.source", "final-exit", _sentence(state, transition.dest))
    for n, state_declaration in enumerate(document.definition.states):
        if state_declaration.final and state_declaration.on_exit:
            yield Finding(
                f"states[{n}].on_exit", "final-exit", f"{state_declaration.name!r} is final and never left"
            )


def _sentence(state: str, dest: str) -> str:
    where = "into itself" if dest == REFLEXIVE else f"to {dest!r}"
    return f"{state!r} is final, and this leads out of it {where}; only internal transitions act there"
