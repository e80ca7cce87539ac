"""To ask that a sandbox's clock be moved, and to see how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects import postgresql, sqlite

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from state_machines.values.instants import format_instant, parse_instant, shifted
from state_machines.values.time_errors import TimeError
from workflow.clock import Clock, SandboxClock
from workflow.errors import AdvanceUnderWay, InvalidAdvance, NoSandbox
from workflow.sandbox import rest
from workflow.store import schema
from workflow.store.port import Store

FARTHEST = timedelta(days=400)
"""So far one advance goes."""
MOST_STOPS = 10_000
"""So many instants on its way something may be due at."""

_columns = schema.advances.c


class AdvanceStatus(StrEnum):
    """What has become of an advance."""

    ADVANCING = "advancing"
    READY = "ready"
    """The clock stands where it was to go, and all is done that was due until then."""
    HALTED = "halted"
    """It did not get there; it stands where it was, and may be moved on."""


@dataclass(frozen=True, slots=True)
class Advance:
    """One move of the clock.

    Attributes:
        id: a number of its own.
        status: what has become of it.
        begins_at, target: from where to where, UTC.
        stops: instants on the way at which something was due, so far.
        leaves_tasks: whether tasks of other code bases that are under way are not waited for.
        reason: why it was halted.
    """

    id: int
    status: AdvanceStatus
    begins_at: datetime
    target: datetime
    stops: int
    leaves_tasks: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the clock stands.

    Attributes:
        now: its instant, UTC.
        next_due: when something happens by itself next, UTC; None when nothing is to come.
        advance: the latest advance; None before the first.
        waits_for: while it is advancing, what it waits for before it goes on, in words.
    """

    now: datetime
    next_due: datetime | None
    advance: Advance | None
    waits_for: str | None

    @property
    def status(self) -> AdvanceStatus:
        """What became of the latest advance; ready before the first."""
        return AdvanceStatus.READY if self.advance is None else self.advance.status


def sandbox_clock(clock: Clock) -> SandboxClock:
    """This clock, if it is one that can be moved. Raises NoSandbox for any other."""
    if not isinstance(clock, SandboxClock):
        raise NoSandbox(
            "this installation runs in earnest, on a clock that goes by itself; `makegood up "
            "--sandbox`, on a store of its own, has one that can be moved"
        )
    return clock


def standing(store: Store, clock: SandboxClock) -> Standing:
    """Where the clock stands now, and how far the latest advance is."""
    with store.connect() as connection:
        latest = _one(
            connection.execute(select(schema.advances).order_by(_columns.id.desc()).limit(1)).first()
        )
        now = clock.now()
        waits_for = None
        if latest is not None and latest.status is AdvanceStatus.ADVANCING:
            waits_for = str(rest.unrest(connection, now, leave_tasks=latest.leaves_tasks)) or None
        return Standing(now, rest.next_due(connection), latest, waits_for)


def under_way(connection: Connection) -> Advance | None:
    """The advance that is to be carried out; None when the clock is to stand still."""
    query = select(schema.advances).where(_columns.status == AdvanceStatus.ADVANCING.value)
    return _one(connection.execute(query).one_or_none())


def _one(row: Row[tuple[object, ...]] | None) -> Advance | None:
    if row is None:
        return None
    return Advance(
        row.id, AdvanceStatus(row.status), row.begins_at, row.target, row.stops, row.leaves_tasks, row.reason
    )


def target_of(now: datetime, by: str | None, to: str | None) -> datetime:
    """Where the clock is to stand, UTC: `by` an ISO 8601 duration beyond `now`, or `to` an RFC 3339 instant.

    Raises InvalidAdvance, naming field and rule.
    """
    if (by is None) == (to is None):
        raise _invalid("body", "one-of", "say either `by`, a duration, or `to`, an instant")
    field = "body.by" if by is not None else "body.to"
    try:
        target = shifted(now, parse_duration(by)) if by is not None else parse_instant(to or "")
    except TimeError as error:
        raise _invalid(field, error.rule, error.message) from None
    if target <= now:
        stands = f"the clock stands at {format_instant(now)}"
        raise _invalid(field, "later", f"{stands}, and time does not run backwards or nowhere")
    if target - now > FARTHEST:
        raise _invalid(field, "distance", f"one advance goes {FARTHEST.days} days at most; make several")
    return target


def _invalid(field: str, rule: str, message: str) -> InvalidAdvance:
    return InvalidAdvance([Problem(field, rule, message)])


def ask(store: Store, now: datetime, target: datetime, actor: str, *, leave_tasks: bool = False) -> Advance:
    """Have the clock moved from `now` to `target`; the schedulers begin within a moment.

    With `leave_tasks` it goes on although tasks of other code bases are under way.

    Raises AdvanceUnderWay when it is being moved already: of two who ask at once, one is let in.
    """
    insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    row = {
        "status": AdvanceStatus.ADVANCING.value,
        "begins_at": now,
        "target": target,
        "stops": 0,
        "leaves_tasks": leave_tasks,
        "asked_by": actor,
    }
    statement = insert(schema.advances).values(row).on_conflict_do_nothing().returning(schema.advances)
    with store.begin() as transaction:
        made = _one(transaction.connection.execute(statement).one_or_none())
    if made is None:
        raise AdvanceUnderWay("it is being moved already; `GET /v1/clock` says how far it is")
    return made
