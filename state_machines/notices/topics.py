"""What a notice may be about, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from state_machines.notices.vocabulary import Vocabulary


class Priority(IntEnum):
    """Which effects go first when many wait; the lowest does."""

    ACT = 0
    """Somebody must do something about it."""
    ANSWER = 1
    """A customer waits for it."""
    INFORM = 2
    """All others."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that a notice may be about.

    Attributes:
        name: by which a notice calls it.
        colleagues: only colleagues are told; all else is for a customer, and a customer who could not be
            told needs a person.
        urgent: no cap holds it up, and it goes as a message of its own.
        by_person: a customer must never hear it from a machine's voice, and hears in words what went wrong.
        priority: whether it goes before others.
    """

    name: str
    colleagues: bool = False
    urgent: bool = False
    by_person: bool = False
    priority: Priority = Priority.INFORM

    @property
    def may_wait(self) -> bool:
        """Whether a notice about it waits for caps and goes out together with others."""
        return not (self.urgent or self.colleagues)

    def to_json(self) -> dict[str, Any]:
        """All but its name, as a notice carries it whose definition declares the topic."""
        return {
            "colleagues": self.colleagues,
            "urgent": self.urgent,
            "by_person": self.by_person,
            "priority": self.priority.name.lower(),
        }

    @classmethod
    def from_json(cls, name: str, said: Mapping[str, Any]) -> Self:
        """The topic of this name of which a notice carries this."""
        flags = {flag: bool(said.get(flag)) for flag in ("colleagues", "urgent", "by_person")}
        return cls(name, priority=Priority[str(said.get("priority", "inform")).upper()], **flags)


TOPICS: Vocabulary[Topic] = Vocabulary("topic")
"""Those that every definition may use without declaring them."""

PAYLOAD_FIELD = "topic"
"""Where a notice in the outbox carries what its definition declares of its topic."""


def topic_of(notice: Mapping[str, Any]) -> Topic:
    """What a notice in the outbox is about: as its definition declared it then, else as it is registered."""
    name, said = str(notice.get("about", "")), notice.get(PAYLOAD_FIELD)
    if isinstance(said, Mapping):
        return Topic.from_json(name, said)
    return topic_named(name)


def topic_named(name: str) -> Topic:
    """The registered topic of this name.

    A word that is registered no more is for a customer and can wait.
    """
    return TOPICS.get(name) or Topic(name)
