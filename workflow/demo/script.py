"""What a story consists of, as data: people, steps, what people say, and which notices must go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from workflow.demo.scene import Scene


@dataclass(frozen=True, slots=True)
class Until:
    """A step begins once the subject of this lifecycle is in this state, with these values in its data."""

    lifecycle: str
    state: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, scene: Scene) -> bool:
        """Whether it is so in this scene."""
        subject = scene.subjects.get(self.lifecycle)
        return (
            subject is not None
            and subject["state"] == self.state
            and all(subject["data"].get(name) == value for name, value in self.data.items())
        )

    def __str__(self) -> str:
        having = "".join(f", {name} {value!r}" for name, value in self.data.items())
        return f"the {self.lifecycle} to be {self.state}{having}"


@dataclass(frozen=True, slots=True)
class Says:
    """What a person does: an event to the story's subject of that lifecycle."""

    lifecycle: str
    trigger: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story.

    Attributes:
        words: told when the step is taken.
        until: what must have come about before.
        after: how long the person then takes, in the story's time.
        says: their events.
        within: how much of the story's time may pass until `until` holds; the player adds real seconds.
    """

    words: str
    until: Until | None = None
    after: timedelta = timedelta()
    says: tuple[Says, ...] = ()
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """A notice as somebody receives it."""

    about: str
    channel: str
    to: str

    @classmethod
    def of(cls, notice: Mapping[str, Any]) -> Told:
        """A recorded notice; of a person with several addresses, the one for mail."""
        to = notice["to"]
        return cls(notice["about"], notice["channel"], str(to["email"] if isinstance(to, Mapping) else to))
