"""What waits to be done: a cheap look that counts no further than a bound, and the full count.

Both read only rows that wait: what is far in the future or done costs nothing. The age of the oldest of them
tells whether work goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Select, Table, bindparam, func, select

from workflow.broker import dead_messages, task_names
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.endless_chains import ENDLESS_CHAIN
from workflow.engine.suspects import ENDED_PROCESSES
from workflow.outbox.due_effects import DUE_EFFECTS, TO_BE_RELAYED
from workflow.store.effect_states import GIVEN_UP, EffectState
from workflow.store.port import REFUSED_OPENING, Store
from workflow.store.schema import discards, events, inbox, outbox, subjects, timers

_SHOWN = 5
_UNDECIDED = inbox.c.dead_at.is_(None)


def _queue_of(rows: Select[tuple[int]]) -> Select[Any]:
    """A query for the fields of a `Queue` of undecided events."""
    found = rows.subquery()
    ends = select(func.count().label("waiting"), func.min(found.c.event_id).label("first")).subquery()
    since = select(events.c.received_at).where(events.c.id == ends.c.first).scalar_subquery()
    fields: Select[Any] = select(ends.c.waiting, ends.c.first, since)
    return fields


_ALL_EVENTS = _queue_of(select(inbox.c.event_id).where(_UNDECIDED))
_FIRST_EVENTS = _queue_of(
    select(inbox.c.event_id)
    .where(_UNDECIDED)
    .order_by(inbox.c.event_id)
    .limit(bindparam("bound", type_=Integer()))
)

_SOME_UNDECIDED = select(func.count()).select_from(
    select(inbox.c.event_id).where(_UNDECIDED).limit(bindparam("most", type_=Integer())).subquery()
)
_PILED = select(DUE_TIMERS.first.scalar_subquery(), _SOME_UNDECIDED.scalar_subquery())


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work.

    Attributes:
        waiting: how many rows wait, counted no further than the bound of a look.
        first: what waits longest, whatever names it; changes as the work goes on.
        since: since when that one waits, UTC.
    """

    waiting: int = 0
    first: Any = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at one moment.

    Attributes:
        at: that moment, UTC.
        events: accepted and not decided.
        timers: due and not fired.
        effects: due for the relay; in a full count all on their way (`since`: the oldest is due).
        next_due: the earliest instant after `at` at which a timer or an effect falls due, UTC.
    """

    at: datetime
    events: Queue
    timers: Queue
    effects: Queue
    next_due: datetime | None

    def age(self, queue: Queue) -> timedelta:
        """For how long the oldest of a queue waits; nothing when none does."""
        return max(timedelta(0), self.at - queue.since) if queue.since else timedelta(0)


@dataclass(frozen=True, slots=True)
class FullCount:
    """The whole backlog, and what only a person can get going again.

    Attributes:
        effects: how many there are in each state, settled ones not counted.
        dead_events, dead_timers: given up until an operator retries them; dead effects are in `effects`.
        refused_openings: of the dead events, those by which we ourselves would have opened a subject.
        dead_messages: that came over the broker and could not be read; until an operator discards them.
        ended_processes: of the dead events and timers, those whose decision ended the processes that took it.
        endless_chains: of these, those that stand at the end of a chain without rest.
        suspects: events and timers that are undecided, and in whose decision a process died.
        discards: events and timers that operators have dropped, ever.
    """

    backlog: Backlog
    effects: Mapping[str, int]
    dead_events: int
    dead_timers: int
    refused_openings: int
    dead_messages: int
    ended_processes: int
    endless_chains: int
    suspects: int
    discards: int

    @property
    def dead(self) -> int:
        """Dead letters of every kind, unknown effects not counted."""
        of_work = self.dead_events + self.dead_timers + self.effects.get(EffectState.DEAD, 0)
        return of_work + self.dead_messages


def look(store: Store, now: datetime, bound: int) -> Backlog:
    """What waits at `now`. Counting stops at `bound` rows of a kind, so that it is cheap after any outage."""
    with store.connect() as connection:
        return Backlog(
            now,
            Queue(*connection.execute(_FIRST_EVENTS, {"bound": bound}).one()),
            _due(*DUE_TIMERS.waiting(connection, now, bound)),
            _due(*TO_BE_RELAYED.waiting(connection, now, bound)),
            _next_due(connection, now),
        )


def oldest_due(store: Store, now: datetime) -> timedelta:
    """For how long the oldest event, timer or effect waits at `now`; nothing when none does.

    However much waits, it costs a look at the end of an index for each kind.
    """
    with store.connect() as connection:
        backlog = Backlog(
            now,
            Queue(*connection.execute(_FIRST_EVENTS, {"bound": 1}).one()),
            _due(*DUE_TIMERS.waiting(connection, now, 1)),
            _due(*DUE_EFFECTS.waiting(connection, now, 1)),
            None,
        )
    return max(backlog.age(queue) for queue in (backlog.events, backlog.timers, backlog.effects))


def is_piled(store: Store, now: datetime, most_events: int, late: timedelta) -> bool:
    """Whether more undecided events wait than so many, or a timer is due for longer than `late`.

    As cheap as looks at the ends of indexes: whoever has other work asks it before and amid that.
    """
    with store.connect() as connection:
        due, undecided = connection.execute(_PILED, {"most": most_events + 1}).one()
    return undecided > most_events or (due is not None and now - due > late)


def full_count(store: Store, now: datetime) -> FullCount:
    """All that waits at `now`, to the last row."""
    oldest = func.min(outbox.c.due_at, type_=outbox.c.due_at.type)
    due_timers = select(func.count(), func.min(timers.c.due_at, type_=timers.c.due_at.type)).where(
        DUE_TIMERS.is_due(now)
    )
    with store.connect() as connection:
        states = _by_state(connection)
        on_their_way = sum(count for state, count in states.items() if state not in GIVEN_UP)
        since = connection.scalar(select(oldest).where(DUE_EFFECTS.is_due(now)))
        backlog = Backlog(
            now,
            Queue(*connection.execute(_ALL_EVENTS).one()),
            _due(*connection.execute(due_timers).one()),
            Queue(on_their_way, since, since),
            _next_due(connection, now),
        )
        dead_events, dead_timers = (
            connection.scalar(select(func.count()).where(table.c.dead_at.is_not(None))) or 0
            for table in (inbox, timers)
        )
        refused, ended, endless = (
            sum(connection.scalar(_dead_by(table, rule)) or 0 for table in (inbox, timers))
            for rule in (REFUSED_OPENING, ENDED_PROCESSES, ENDLESS_CHAIN)
        )
        messages = connection.execute(dead_messages.kept()).scalar_one()
        suspects = sum(
            connection.scalar(select(func.count()).where(table.c.deaths.is_not(None), pending)) or 0
            for table, pending in ((inbox, _UNDECIDED), (timers, DUE_TIMERS.is_due(now)))
        )
        discarded = connection.scalar(select(func.count()).select_from(discards)) or 0
        return FullCount(
            backlog, states, dead_events, dead_timers, refused, messages, ended, endless, suspects, discarded
        )


def _dead_by(table: Table, rule: str) -> Select[int]:
    """How many are dead by this rule, with which their error begins."""
    return select(func.count()).where(table.c.dead_at.is_not(None), table.c.error.startswith(f"{rule}:"))


def _by_state(connection: Connection) -> dict[str, int]:
    """How many effects are in each state but `settled`."""
    counted = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    states: dict[str, int] = {}
    for condition in (outbox.c.due_at.is_not(None), outbox.c.state.in_(GIVEN_UP)):
        states |= {state: count for state, count in connection.execute(counted.where(condition))}
    return states


def _due(waiting: int, since: datetime | None, row: int | None = None) -> Queue:
    """A queue of rows that are due: very many of them may be due since the same instant."""
    return Queue(waiting, (since, row) if waiting else None, since)


def _next_due(connection: Connection, now: datetime) -> datetime | None:
    found = (DUE_TIMERS.first_due(connection, now), DUE_EFFECTS.first_due(connection, now))
    return min((due for due in found if due is not None), default=None)


def inbox_span(connection: Connection) -> tuple[int, int]:
    """The row of the oldest undecided event (0: there is none), and how many there are, never too few.

    It costs two looks at the ends of an index: dead events, and those decided out of turn, are counted too.
    """
    oldest = select(func.min(inbox.c.event_id)).where(_UNDECIDED).scalar_subquery()
    newest = select(func.max(inbox.c.event_id)).scalar_subquery()
    first, last = connection.execute(select(oldest, newest)).one()
    return (0, 0) if first is None else (first, last - first + 1)


def undecided_events(connection: Connection, most: int) -> int:
    """How many events are undecided, counted no further than `most`."""
    return connection.execute(_SOME_UNDECIDED, {"most": most}).scalar_one()


def some_subjects(store: Store, now: datetime, task: str) -> list[str]:
    """Keys of subjects that wait for the task of this name, five at most: for people who watch.

    Raises KeyError for a task that does not find its work itself.
    """
    with store.connect() as connection:
        rows = _waiting(connection, now, task)
        query = select(subjects.c.key).where(subjects.c.id.in_(rows)).limit(_SHOWN)
        return list(connection.execute(query).scalars())


def _waiting(connection: Connection, now: datetime, task: str) -> list[int]:
    """The rows of subjects that wait, some."""
    if task == task_names.APPLY:
        query = select(inbox.c.subject_id).where(_UNDECIDED).order_by(inbox.c.event_id).limit(_SHOWN)
        return list(connection.execute(query).scalars())
    if task == task_names.FIRE:
        due = DUE_TIMERS
    elif task == task_names.RELAY:
        due = TO_BE_RELAYED
    else:
        raise KeyError(task)
    return [row.subject_id for row in due.rows(connection, now, _SHOWN)]
