"""Priority: which effects go first when many wait."""

from __future__ import annotations

from state_machines.notices.channels import is_person
from state_machines.notices.topics import Priority, Topic


def priority_of(kind: str, channel: str, topic: Topic | None) -> Priority:
    """Of an effect of this kind; `channel` and `topic` are those of a notice."""
    if kind == "task" or is_person(channel):
        return Priority.ACT
    return Priority.INFORM if topic is None else topic.priority
