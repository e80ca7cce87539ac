"""What a lost message or a killed worker left behind is found here, however old it is.

Due timers, unapplied events and published effects are found by the clock itself, since claims ask
SQL what is due and nothing else. What needs more is a send that was begun and never finished: nobody
knows whether it went out, so a person must decide. And what was to be said to a customer and could not be is
still to be said: by a person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from state_machines.notices import FOR_COLLEAGUES
from workflow.clock import Clock
from workflow.cloudevent import CloudEvent
from workflow.engine import Engine
from workflow.errors import InvalidEvent
from workflow.outbox import RELAYED, EffectState
from workflow.outbox import due_rows as due_effects
from workflow.store.port import EffectUpdate, Store
from workflow.store.schema import inbox, outbox, subjects
from workflow.timers import due_rows

_BATCH = 200
SOURCE = "/makegood/sweep"
_KEY = "escalation:effect-"
_SHORT = 8
COUNTED = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep found.

    Attributes:
        unapplied: accepted events not yet decided; this and the next two are counted up to `COUNTED`.
        due: timers that are due and have not fired.
        undispatched: effects that are due for the relay.
        unknown: sends whose outcome became unknown in this sweep; each has a person now.
    """

    unapplied: int
    due: int
    undispatched: int
    unknown: int


def sweep(engine: Engine, clock: Clock) -> SweepReport:
    """Turn abandoned sends over to people, and count what waits, however old."""
    now = clock.now()
    abandoned = _abandon(engine.store, now)
    unknown = _escalate(engine, now)
    with engine.store.connect() as connection:
        return SweepReport(
            _count(connection, select(inbox.c.event_id).where(inbox.c.dead_at.is_(None))),
            _count(connection, due_rows(connection, now, COUNTED)),
            _count(connection, due_effects(now, RELAYED, COUNTED)),
            max(abandoned, unknown),
        )


def _count(connection: Connection, rows: Select[Any]) -> int:
    """After an outage millions may wait: nobody needs to know how many at every sweep."""
    some = rows.limit(COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _abandon(store: Store, now: datetime) -> int:
    """Sends whose lease ran out in the middle: their outcome is unknown."""
    with store.connect() as connection:
        found = [row.id for row in connection.execute(due_effects(now, [EffectState.SENDING], _BATCH))]
    if not found:
        return 0
    with store.begin() as transaction:
        stuck = select(outbox.c.id).where(
            outbox.c.id.in_(found), outbox.c.state == EffectState.SENDING, outbox.c.due_at <= now
        )
        if store.dialect == "postgresql":
            stuck = stuck.with_for_update(skip_locked=True)
        ids = [row[0] for row in transaction.connection.execute(stuck)]
        transaction.update_effects(
            [
                EffectUpdate(
                    one, EffectState.UNKNOWN, None, error="the worker that was sending it never came back"
                )
                for one in ids
            ]
        )
    return len(ids)


def _escalate(engine: Engine, now: datetime) -> int:
    """Open an escalation for each send whose outcome nobody knows, and for each notice that never reached
    its customer, unless there is one.

    Its id names effect and dispatch token: any number of sweeps opens it once, and a send that a person
    had tried again, and that was lost again, goes to a person again.
    """
    with engine.store.connect() as connection:
        rows = connection.execute(_without_a_person()).all()
    try:
        if rows:
            engine.accept([_event(row, now) for row in rows])
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("sends that failed find no person", sends=len(rows), refused=rules)
        return 0
    return sum(row.state == EffectState.UNKNOWN for row in rows)


def _without_a_person() -> Select[Any]:
    """Sends that a person must hear of and none has, the oldest first, some.

    The word of an escalation is left out: its ladder goes on by itself, and an escalation about an
    escalation that nobody can be told of would have no end.
    """
    escalation = subjects.alias("escalation")
    place = cast(outbox.c.id, Text) + "-" + func.substr(func.coalesce(outbox.c.token, "none"), 1, _SHORT)
    escalated = select(escalation.c.id).where(escalation.c.key == _KEY + place).exists()
    about = func.coalesce(type_coerce(outbox.c.payload, JSON)["about"].as_string(), "")
    unknown = and_(outbox.c.state == EffectState.UNKNOWN, about != "escalation")
    undelivered = and_(
        outbox.c.state == EffectState.DEAD, outbox.c.kind == "notice", about.not_in(FOR_COLLEAGUES)
    )
    columns = (
        outbox.c.key.label("effect"),
        _way().label("target"),
        outbox.c.state,
        outbox.c.error,
        outbox.c.payload,
    )
    return (
        select(place.label("place"), *columns, subjects.c.key.label("subject"))
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        # Spelt out, since SQLite proves from no parameter that the index of open effects will do.
        .where(literal_column("outbox.state in ('dead', 'unknown')"), or_(unknown, undelivered), ~escalated)
        .order_by(outbox.c.id)
        .limit(_BATCH)
    )


def _way() -> ColumnElement[str]:
    """The channel over which it went, where that is known; of `preferred` only its sender knows it."""
    return func.coalesce(type_coerce(outbox.c.receipt, JSON)["channel"].as_string(), outbox.c.target)


def escalation_of(effect_id: int, token: str | None) -> str:
    """Key of the escalation about a send of this effect, which a sweep has opened or would open."""
    return f"{_KEY}{effect_id}-{(token or 'none')[:_SHORT]}"


def _event(lost: Row[Any], now: datetime) -> CloudEvent:
    said = lost.payload.get("words")
    known = lost.state == EffectState.DEAD
    beginning = (
        f"This did not go out over {lost.target}: {lost.error}."
        if known
        else f"Nobody knows whether this went out over {lost.target}: {lost.error}. Find out and settle it."
    )
    data = {
        "about": "undelivered" if known else "unknown_outcome",
        "words": beginning + (f' It was to say: "{said}"' if said else ""),
        "effect": lost.effect,
        "subject": lost.subject,
        "channel": lost.target,
    }
    if said and lost.payload.get("about") not in FOR_COLLEAGUES:
        data["customer"] = lost.payload["to"]
    key = _KEY + lost.place
    return CloudEvent(f"unknown/{lost.place}", SOURCE, "escalation.open", key, now, data, parent=lost.subject)
