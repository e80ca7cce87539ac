"""The port to a database. Two adapters, `sqlite` and `postgresql`, keep one contract.

Lock order, so that nothing deadlocks: subjects first (a claim skips locked subjects), and rows that belong to
a subject change only under its lock. Inserts are sorted by key.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from state_machines.decision import Event
from state_machines.subject import Subject, Timer
from state_machines.values.figures import Figures
from state_machines.values.searched import Standing
from workflow.store.shared_time import SharedTime


class Version(NamedTuple):
    """One version of a definition."""

    lifecycle: str
    number: int

    def __str__(self) -> str:
        return f"{self.lifecycle}.v{self.number}"


class NewEvent(NamedTuple):
    """An event to be added to the ledger.

    Attributes:
        version: the definition for a subject not yet known.
        time: None: when it is received.
        effect: idempotency key of the effect that it is the receipt of.
        actor: who sent it; None: makegood itself.
        hops: how many events in a row led to it; None: it comes from outside.
        expected_revision: the subject's as its sender has seen it, if it said.
        request_id: of the request with which it came over HTTP.
        traceparent: W3C's name of the span that it came from; None: nobody traces it.
    """

    source: str
    event_id: str
    subject: str
    lifecycle: str
    version: int
    type: str
    time: datetime | None
    data: Mapping[str, Any]
    parent: str | None
    effect: str | None = None
    actor: str | None = None
    hops: int | None = None
    expected_revision: int | None = None
    request_id: str | None = None
    traceparent: str | None = None


PENDING = "pending"
"""The outcome of an event that is not decided yet."""
DEAD = "dead"
"""The outcome of an event whose decision failed; an operator must look."""
DISCARDED = "discarded"
"""The outcome of an event that an operator dropped; it is never decided."""
REFUSED_OPENING = "refused-opening"
"""With what the error of a dead event begins by which we ourselves would have opened a subject."""


class EventOutcome(NamedTuple):
    """What became of one accepted event.

    Attributes:
        source, id: of the CloudEvent.
        subject: key of the subject that it is for.
        outcome: `PENDING`, `DEAD`, `DISCARDED`, or what was decided: moved, stayed, refused.
        reason: why it was refused or discarded, or the fault that made it dead.
        dest: the state to which the decision led; None while there is none.
        received_at: when it was accepted, UTC.
        data: what it said.
        seq: the number of the decision within its subject.
        decided_at: when it was taken, UTC; None while there is none.
        request_id: of the request with which it came over HTTP, if it did.

    The last six are None where only the outcome was asked for, as of duplicates.
    """

    source: str
    id: str
    subject: str
    outcome: str
    reason: str | None
    dest: str | None = None
    received_at: datetime | None = None
    data: Mapping[str, Any] | None = None
    seq: int | None = None
    decided_at: datetime | None = None
    request_id: str | None = None


class KnownEvent(NamedTuple):
    """An event that was accepted before: what it said, and what became of it.

    `outcome` and `reason` as of `EventOutcome`. `time` is `received_at` where it named none.
    """

    source: str
    event_id: str
    subject: str
    outcome: str
    reason: str | None
    type: str
    time: datetime
    received_at: datetime
    data: Mapping[str, Any]
    parent: str | None
    effect: str | None
    expected_revision: int | None


class Pending(NamedTuple):
    """One event or due timer with its subject, locked for this transaction.

    `event_row` is the ledger's id of the event, None for a timer; `due_at` the timer's, else None.
    `hops` says how many events in a row led to it. `deaths` says how many processes ended while they decided
    it alone; None: none, and none either while it was one of many. `traceparent` names the span
    that the event came from; None: a timer, or nobody traces it.
    """

    subject_row: int
    event: Event
    event_row: int | None = None
    due_at: datetime | None = None
    hops: int = 0
    deaths: int | None = None
    traceparent: str | None = None


@dataclass(slots=True)
class Claim:
    """A batch that this transaction alone may decide: work in order, and its subjects by row id.

    `dead` are the names of timers that are dead letters; a subject's own `timers` are without them.
    `full` says that the limit was reached, of timers that of one lifecycle's share: more is likely to wait.
    `next_due` says, of a claim of timers, when the next one is due that is not due yet, UTC.
    """

    work: list[Pending] = field(default_factory=list)
    subjects: dict[int, Subject] = field(default_factory=dict)
    dead: dict[int, set[str]] = field(default_factory=dict)
    full: bool = False
    next_due: datetime | None = None


class NewMove(NamedTuple):
    """One row of the ledger: what a decision did; `team` is the one that the subject is with after it.

    `traceparent` names its span; None: nobody traces it.
    """

    subject_row: int
    seq: int
    event_row: int | None
    timer: str | None
    setting: int | None
    due_at: datetime | None
    trigger: str
    source: str
    dest: str
    outcome: str
    reason: str | None
    version: int
    at: datetime
    team: str | None = None
    traceparent: str | None = None


class NewEffect(NamedTuple):
    """One row of the outbox."""

    subject_row: int
    key: str
    kind: str
    target: str
    queue: str | None
    priority: int
    payload: Mapping[str, Any]


class Recall(NamedTuple):
    """Notices of a subject that are not to go out any more: those of a name that earlier decisions asked for.

    `key` is the subject's, `seq` and `trigger` are those of the decision that recalls them.
    """

    subject_row: int
    key: str
    seq: int
    name: str
    trigger: str

    @property
    def reason(self) -> str:
        """Why they do not go out, in words."""
        return f"recalled by decision {self.seq}, {self.trigger}"


@dataclass(slots=True)
class Changes:
    """Everything that a batch of decisions changes, written in one go.

    Whatever it sets belongs to one of `subjects`.
    """

    subjects: dict[int, Subject] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    """Of these, the rows of those that are in a final state now."""
    data_kept: set[int] = field(default_factory=set)
    """Of these, the rows of those whose data are as they are stored, and need not be written."""
    moves: list[NewMove] = field(default_factory=list)
    timers_set: dict[tuple[int, str], Timer] = field(default_factory=dict)
    timer_hops: dict[tuple[int, str], int] = field(default_factory=dict)
    """How many events in a row led to a timer of `timers_set`, for those that go on with a row."""
    timers_cancelled: set[tuple[int, str]] = field(default_factory=set)
    effects: list[NewEffect] = field(default_factory=list)
    recalls: list[Recall] = field(default_factory=list)
    dead_events: list[tuple[int, int, str]] = field(default_factory=list)
    """(event row, subject row, error)"""
    dead_timers: list[tuple[int, str, str]] = field(default_factory=list)
    """(subject row, timer, error)"""
    figures: dict[int, Figures] = field(default_factory=dict)
    """By subject row, of lifecycles that declare a barometer."""
    places: dict[int, datetime | None] = field(default_factory=dict)
    """By subject row, where it stands in the line (UTC) from now on; None: nowhere."""
    terms: dict[int, list[str]] = field(default_factory=dict)
    """By subject row, all terms by which it is found from now on."""
    standings: dict[int, Standing] = field(default_factory=dict)
    """By subject row, what it is chosen by from now on, besides its state."""
    states: set[int] = field(default_factory=set)
    """Rows of subjects that are chosen by another state from now on, and by nothing else that is new."""
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that may be mistyped, with the variants by which they are found then."""


class Dispatch(NamedTuple):
    """Lets a process put the effects of its own batch on the broker, right after the commit.

    A batch that asks for at most `most` tasks, and any number of notices, writes them as published under
    `token`, for `lease`; no relay need claim them. Those of a batch with more tasks, which are a message
    each, stay pending, for the relay.
    """

    token: str
    lease: timedelta
    most: int

    def takes(self, effects: Sequence[NewEffect]) -> bool:
        """Whether these are few enough messages."""
        return sum(one.kind == "task" for one in effects) <= self.most


class EffectRow(NamedTuple):
    """An effect that has been claimed for dispatch or sending."""

    id: int
    subject: str
    key: str
    kind: str
    target: str
    queue: str | None
    priority: int
    payload: dict[str, Any]
    attempts: int
    token: str
    created_at: datetime


class EffectUpdate(NamedTuple):
    """The next state of one effect, and when the relay must look at it again.

    With a `token` it applies only while the effect is held under that token in the state `held`: not once
    another worker has claimed it. What is settled stays settled in any case.
    """

    id: int
    state: str
    due_at: datetime | None
    settled_at: datetime | None = None
    receipt: Mapping[str, Any] | None = None
    error: str | None = None
    token: str | None = None
    held: str | None = None


class Transaction(Protocol):
    """A write transaction: all of its changes are committed, or none."""

    connection: Connection

    def accept(
        self, events: Sequence[NewEvent], now: datetime, *, last: bool = False
    ) -> set[tuple[str, str]]:
        """Add events to the ledger and the inbox; returns (source, event_id) of the new ones.

        An event that is known already adds nothing, no subject either.

        `last` says that nothing else will be written in this transaction: it may be committed at once. Then
        some events may be committed in a transaction of their own: it is for those that need not be together.
        """

    def known_events(self, ids: Sequence[tuple[str, str]]) -> list[KnownEvent]:
        """The events accepted before, by (source, event_id)."""

    def claim_events(
        self, limit: int, *, from_outside: bool = False, leaving: Collection[Version] = ()
    ) -> Claim:
        """Take up to `limit` undecided events out of the inbox, in order, with their subjects.

        With `from_outside`, of subjects only to which something came from outside: an event that no decision
        of ours led to. What came to them before it is taken with it.

        `leaving` subjects that live by these versions of definitions to others.
        """

    def claim_timers(self, now: datetime, limit: int, *, leaving: Collection[Version] = ()) -> Claim:
        """Up to `limit` due timers, the longest due first, with their subjects; `leaving` as above.

        Lifecycles that have something due share the limit, so that a flood of one delays no other's.

        Before a timer come the events of its subject that were accepted by the instant at which it is due and
        are still undecided: they are taken out of the inbox, too. A promise that was kept in time must not
        count as broken because no worker was running.
        """

    def put_back(self, work: Sequence[Pending]) -> None:
        """Leave claimed work to a later claim: events go back to where they stood in the inbox."""

    def children(self, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(parent key, child key) of all children, by child row."""

    def write(
        self, changes: Changes, now: datetime, dispatch: Dispatch | None = None, *, last: bool = False
    ) -> list[EffectRow]:
        """Write what a batch of decisions changes; returns the effects that were written as published.

        `last` says that nothing else will be written in this transaction: it may be committed at once.
        """

    def write_search(self, changes: Changes) -> None:
        """Write what subjects are found and chosen by, and nothing else; `write` does so, too."""

    def claim_effects(self, now: datetime, lease_until: datetime, token: str, limit: int) -> list[EffectRow]:
        """Mark up to `limit` due effects as published under `token`, and return them, the urgent first.

        For a task this counts as an attempt: its message is all that we send.
        """

    def begin_effects(self, ids: Sequence[int], token: str, lease_until: datetime) -> list[EffectRow]:
        """Mark those of these still published under `token` as sending, an attempt each, and return them."""

    def update_effects(self, updates: Sequence[EffectUpdate]) -> None:
        """Write the next states of effects, except for those that are settled or that others hold by now."""

    def hold(self, names: Collection[str]) -> None:
        """Hold names to the end of the transaction; another transaction that asks for one waits until then.

        For what is no row. Before effects are locked, and in the order of the names: so nothing deadlocks.
        """


class Store(Protocol):
    """A database with the tables of `schema`.

    Attributes:
        dialect: ``sqlite`` or ``postgresql``.
        engine: for who needs a connection of its own.
    """

    dialect: str
    engine: Engine

    @property
    def time(self) -> SharedTime | None:
        """What is known of the clock of its server; None for a file, which is on the same machine."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A write transaction: committed at the end, rolled back on an exception."""

    def connect(self) -> AbstractContextManager[Connection]:
        """A connection for reading."""

    def close(self) -> None:
        """Give all connections back."""
