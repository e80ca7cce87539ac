"""Which triggers an API key may send, and which of them begin a subject."""

from __future__ import annotations

from collections.abc import Mapping

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import OPERATOR, OUTSIDE
from state_machines.subject import INITIAL

IN_WORDS: Mapping[str, str] = {
    "outside": "a system by its key",
    "operator": "an operator, or a system whose key names the trigger",
    "desk": "a person at the desk",
    "family": "another subject",
    "timer": "a timer",
    "task": "the receipt of a task",
    "link": "a signed link",
    "report": "a report of what became of a notice",
}


def sendable(lifecycle: Lifecycle) -> list[str]:
    """The triggers that are taken from a key at all, in the order of the definition."""
    return [name for name, heard in lifecycle.senders.items() if heard & {OUTSIDE, OPERATOR}]


def opening(lifecycle: Lifecycle) -> str | None:
    """The trigger that begins a subject, if there is just one that a key may send."""
    found = [name for name in lifecycle.possible[INITIAL] if lifecycle.senders[name] & {OUTSIDE, OPERATOR}]
    return found[0] if len(found) == 1 else None


def sources_of(lifecycle: Lifecycle, trigger: str) -> list[str]:
    """The states from which a trigger may lead anywhere, `initial` before the subject is opened."""
    return [state for state in (INITIAL, *lifecycle.states) if trigger in lifecycle.possible[state]]
