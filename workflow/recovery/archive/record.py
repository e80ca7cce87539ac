"""What the ledger tells of a case and all that came out of it, up to one decision about the case.

Nothing is asked but the ledger: the subjects are rebuilt from their events, so that whoever writes late
writes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from state_machines.decision import Outcome, SendNotice
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import Subject
from workflow.engine.ledger import MOVE_COLUMNS, Retold, retell
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.queries.family import family
from workflow.store import schema
from workflow.store.port import Store

_MOVE, _EVENT, _SUBJECT = schema.moves.c, schema.events.c, schema.subjects.c
_EFFECT = schema.outbox.c
_AT_ONCE = 500
"""Keys that one query asks for: SQLite takes so many parameters and not all of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """One subject as the decision in question left it, and all that was decided about it until then.

    `decisions` come with their rows in the ledger, which tell the order of what happened at one instant.
    """

    subject: Subject
    lifecycle: Lifecycle
    decisions: list[tuple[int, Retold]]


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that was asked for: when (UTC), over which channel, about what, and how it stands."""

    subject: str
    at: datetime
    channel: str
    about: str
    title: str
    words: str
    state: str
    receipt: Any


@dataclass(frozen=True, slots=True)
class Record:
    """A case up to one decision.

    Attributes:
        case: the case itself.
        others: what came out of it, in the order in which it was opened.
        notices: in the order in which they were asked for.
        at: when that decision was taken, UTC.
    """

    case: Told
    others: list[Told]
    notices: list[Notice]
    at: datetime


def record(store: Store, registry: Registry, key: str, seq: int) -> Record:
    """The record of a case up to its decision number `seq`, that one included.

    Raises NotFound when the ledger has no such decision.
    """
    with store.connect() as connection:
        last, at = _decision(connection, key, seq)
        members = {member.row: member.key for member in family(connection, key).members}
        moves: dict[str, list[Row[Any]]] = {}
        for row in _moves(connection, members, last):
            moves.setdefault(members[row.subject_id], []).append(row)
        told = [_told(registry, one, rows) for one, rows in moves.items()]
        opened = [one for one in told if one is not None]
        notices = list(_notices(connection, opened))
    case, *others = sorted(opened, key=lambda one: one.subject.key != key)
    return Record(case, others, notices, at)


def _decision(connection: Connection, key: str, seq: int) -> tuple[int, datetime]:
    statement = (
        select(_MOVE.id, _MOVE.at)
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(_SUBJECT.key == key, _MOVE.seq == seq)
    )
    found = connection.execute(statement).one_or_none()
    if found is None:
        raise NotFound(f"case: the ledger has no decision {seq} about {key!r}")
    return found.id, found.at


def _moves(connection: Connection, members: Mapping[int, str], last: int) -> list[Row[Any]]:
    """All moves of the family up to the row `last`: rows are added in the order of decisions."""
    statement = (
        select(_MOVE.subject_id, _MOVE.id, *MOVE_COLUMNS)
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .outerjoin(schema.events, _EVENT.id == _MOVE.event_id)
        .where(_MOVE.subject_id.in_(members), _MOVE.id <= last)
        .order_by(_MOVE.subject_id, _MOVE.seq)
    )
    return [*connection.execute(statement)]


def _told(registry: Registry, key: str, rows: list[Row[Any]]) -> Told | None:
    """None for one that nothing has opened yet."""
    decisions = [(row.id, one) for row, one in zip(rows, retell(registry, key, rows), strict=True)]
    latest = decisions[-1][1]
    if latest.after.opened_at is None:
        return None
    done = [one for one in decisions if one[1].decision.outcome is not Outcome.REFUSED]
    return Told(latest.after, latest.lifecycle, done)


def _notices(connection: Connection, told: Iterable[Told]) -> Iterator[Notice]:
    """The ledger says what was asked for; the outbox, by the same keys, what became of it."""
    asked = [
        (f"{one.subject.key}/{done.after.seq}/{number}", one, done.at, effect)
        for one in told
        for _, done in one.decisions
        for number, effect in enumerate(done.decision.effects)
        if isinstance(effect, SendNotice)
    ]
    asked.sort(key=lambda one: one[2])
    states: dict[str, tuple[str, Any]] = {}
    for start in range(0, len(asked), _AT_ONCE):
        keys = [key for key, *_ in asked[start : start + _AT_ONCE]]
        statement = select(_EFFECT.key, _EFFECT.state, _EFFECT.receipt).where(_EFFECT.key.in_(keys))
        states |= {key: (state, receipt) for key, state, receipt in connection.execute(statement)}
    for key, one, at, effect in asked:
        state, receipt = states.get(key, ("unknown", None))
        yield Notice(
            one.subject.key, at, effect.channel, effect.about, effect.title, effect.words, state, receipt
        )
