"""Priority: which effects go first when many wait."""

from __future__ import annotations

from enum import IntEnum

_ACT = frozenset({"callback", "escalation"})
_ANSWER = frozenset({"apology", "broken_promise", "displeasure", "missed_appointment", "new_time", "promise"})


class Priority(IntEnum):
    """Of an effect; the lowest goes first."""

    ACT = 0
    """Somebody must do something: a task, a live call, an escalation."""
    ANSWER = 1
    """A customer waits for it: something was promised or has gone wrong."""
    INFORM = 2
    """All others."""


def priority_of(kind: str, channel: str, about: str | None) -> Priority:
    """The priority of an effect of this kind; `channel` and `about` are those of a notice."""
    if kind == "task" or channel == "live" or about in _ACT:
        return Priority.ACT
    return Priority.ANSWER if about in _ANSWER else Priority.INFORM
