"""What a story consists of, as data: people, steps, what they do, which notices go out, how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from workflow.demo.scene import Scene
from workflow.maintenance.check_result import CheckResult


@dataclass(frozen=True, slots=True)
class Until:
    """A step begins once the subject of this short name is in this state, with these values in its data."""

    name: str
    state: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, scene: Scene) -> bool:
        """Whether it is so in this scene."""
        subject = scene.newest(self.name)
        return (
            subject is not None
            and subject["state"] == self.state
            and all(subject["data"].get(name) == value for name, value in self.data.items())
        )

    def __str__(self) -> str:
        having = "".join(f", {name} {value!r}" for name, value in self.data.items())
        return f"the {self.name} to be {self.state}{having}"


@dataclass(frozen=True, slots=True)
class Says:
    """What a person or another system does: an event to the story's newest subject of that short name.

    Its data may hang on the instant at which it is said.
    """

    name: str
    trigger: str
    data: Mapping[str, Any] | Callable[[datetime], Mapping[str, Any]] = field(default_factory=dict)

    def data_at(self, now: datetime) -> Mapping[str, Any]:
        """The data of an event that is sent now."""
        return self.data(now) if callable(self.data) else self.data


@dataclass(frozen=True, slots=True)
class Follows:
    """What a customer does: opens the link in the newest notice of that kind, and fills in its form.

    Attributes:
        about: what the notice with the link is about.
        answers: fields of the form, as a browser would send them.
    """

    about: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asks:
    """What somebody looks up, or does at the desk: a request to the API, until its answer is as it must be.

    Attributes:
        path: such as ``/v1/cases/{case}/packet``; a short name in braces stands for that subject's key.
        holds: whether the answer is as it must be.
        body: posted as JSON; None for a GET.
    """

    path: str
    holds: Callable[[Mapping[str, Any]], bool]
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story.

    Attributes:
        words: told when the step is taken.
        until: what must have come about before.
        after: how long the person then takes, in the story's time.
        does: what they do, in this order.
        within: how much of the story's time may pass until `until` holds; the player adds real seconds.
    """

    words: str
    until: Until | None = None
    after: timedelta = timedelta()
    does: tuple[Says | Follows | Asks, ...] = ()
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


@dataclass(frozen=True, slots=True)
class Story:
    """One of the stories, to be performed.

    Attributes:
        number: as `makegood demo --story` takes it.
        begin: when it begins, in the zone in which its times are told.
        speed: how many times as fast as on a clock on the wall it goes.
        roots: keys of the subjects that people open, by short name; all others come out of these.
        people: who somebody is, by address.
        steps: the steps, given the instant at which they begin. Whatever must be at a certain time hangs on
            that, so that a slow machine tells the same story some minutes later.
        expected: every notice that goes out; any other one is a fault.
        ended: the states in which all subjects of a short name must be at the end.
        refused: events that are meant to be refused, as (short name, trigger).
        checks: what else must be so, seen from outside.
    """

    number: int
    title: str
    begin: datetime
    speed: float
    roots: Mapping[str, str]
    people: Mapping[str, str]
    steps: Callable[[datetime], tuple[Step, ...]]
    expected: tuple[Told, ...]
    ended: Mapping[str, tuple[str, ...]]
    refused: tuple[tuple[str, str], ...] = ()
    checks: tuple[Callable[[Scene], Iterator[CheckResult]], ...] = ()
