"""Transitions that can never be taken."""

from collections.abc import Iterator

from state_machines.check.document import Document, Finding


def shadowed_transitions(document: Document) -> Iterator[Finding]:
    """After a transition without conditions no other one of that trigger and source is ever tried."""
    unguarded: dict[tuple[str, str], str] = {}
    for path, transition, sources in document.transitions:
        for trigger in transition.triggers:
            hidden = [source for source in sources if (trigger, source) in unguarded]
            if sources and len(hidden) == len(sources):
                first = unguarded[trigger, hidden[0]]
                message = f"never taken: {first} always takes {trigger!r} from {', '.join(hidden)}"
                yield Finding(f"{path}.trigger", "shadowed-transition", message)
            if not transition.conditions and not transition.unless:
                for source in sources:
                    unguarded.setdefault((trigger, source), path)
