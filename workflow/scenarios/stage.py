"""The stage: what a scenario is played on, and what can be seen of it.

One in this process (`installation`) is one; one that runs as processes is another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Role = Literal["system", "operator", "agent", "supervisor", "desk"]
"""By whose key a request is made."""


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A notice as it went out.

    Attributes:
        key: of its effect, by which the channel would know it.
        at: when, UTC.
        to: to whom: an address, or a mapping with one for each channel.
        address: that of its channel.
        subject: key of who asked for it.
        language: of its words, where that is known.
        links: URLs of its signed links, by name, in the order in which they stand in the words.
    """

    key: str
    at: datetime
    to: Any
    address: str
    channel: str
    about: str
    title: str
    words: str
    subject: str
    language: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A task of another program that was called.

    Attributes:
        effect: key of its effect, which is its identity.
        task: its Celery name.
        subject: key of who asked for it.
        arguments: by keyword.
        at: when it was asked for, UTC.
    """

    effect: str
    task: str
    subject: str
    arguments: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenSubject:
    """A subject as it stands. `timers` are their due instants by name, None for one that is paused."""

    key: str
    lifecycle: str
    version: int
    state: str
    seq: int
    data: Mapping[str, Any]
    parent: str | None
    opened_at: datetime | None
    timers: Mapping[str, datetime | None]


@dataclass(frozen=True, slots=True)
class SeenMove:
    """A decision as it stands in the ledger. `timer` is that which brought it, None where an event did."""

    number: int
    at: datetime
    subject: str
    trigger: str
    timer: str | None
    source: str
    dest: str
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class DeadThing:
    """What failed, or ended nobody knows how: an event, a timer, or an effect."""

    identity: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """A notice that waits, until an instant (UTC)."""

    to: Any
    about: str
    channel: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answered: an HTTP status, and its body, JSON or text."""

    status: int
    body: Any


class Stage(Protocol):
    """What a scenario needs of where it is played."""

    def now(self) -> datetime:
        """The instant, UTC."""

    def until(self, instant: datetime, looked: Callable[[], None] | None = None) -> None:
        """Let time pass: whatever is due until then (UTC) happens, each at its own instant.

        `looked` is called after each of these instants.
        """

    def settle(self) -> None:
        """Everything that follows at this instant happens."""

    def request(self, method: str, path: str, role: Role, body: Any = None, kind: str = "") -> Answer:
        """A request to the API by a key of this role; `kind` is the content type, else JSON."""

    def browse(self, url: str, answers: Mapping[str, str] | None) -> Answer:
        """Somebody opens a signed link, and sends its form if there are answers; without a key."""

    def notices(self) -> Sequence[SentNotice]:
        """All that went out so far, the oldest first."""

    def calls(self) -> Sequence[TaskCall]:
        """All tasks of other programs that were called so far, each once, the oldest first."""

    def unanswered(self) -> Sequence[TaskCall]:
        """Those of them that have no receipt, and are not given up."""

    def given_up(self) -> Sequence[TaskCall]:
        """Those of them that need a person; a receipt may still come."""

    def end_task(self, call: TaskCall, succeeded: bool, said: Any) -> None:
        """A called task ends with this result, or fails for this reason."""

    def channel(self, name: str, behaviour: str) -> None:
        """From here on a channel behaves so: see docs/testing.md."""

    def worker(self, there: bool) -> None:
        """Whether anything is done."""

    def subject(self, key: str) -> SeenSubject | None:
        """One that has been opened."""

    def subjects(self, lifecycle: str) -> Sequence[SeenSubject]:
        """All that have been opened of a lifecycle, the oldest first; without their timers."""

    def moves(self, after: int) -> Sequence[SeenMove]:
        """The decisions behind this number, in order."""

    def dead(self) -> Sequence[DeadThing]:
        """What needs a person because it failed, or nobody knows how it ended."""

    def waiting(self) -> Sequence[WaitingNotice]:
        """The notices that wait now."""

    def line(self) -> Sequence[str]:
        """Keys of who waits for a person at the desk, in order."""

    def explained(self, key: str) -> str:
        """What `makegood explain` says of a subject, in the zone of its customer."""
