"""What the ledger tells of a case and all that came out of it, up to one decision about the case.

Nothing is asked but the ledger: the subjects are rebuilt from their events, so that whoever writes late
writes the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, tuple_

from state_machines.decision import Outcome, SendNotice
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import Subject
from workflow.engine.ledger import MOVE_COLUMNS, Retold, retell
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.queries.family import MOST, families
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


class Place(NamedTuple):
    """A decision about a case: the case's key and the number of the decision."""

    case: str
    seq: int


def records(store: Store, registry: Registry, places: Sequence[Place]) -> Iterator[Record]:
    """The record of each case up to its decision, that one included, in the order of `places`.

    What they need is read together, of as many as make up one large family. Raises NotFound when the ledger
    has no such decision.
    """
    with store.connect() as connection:
        decisions = _decisions(connection, places)
        found = families(connection, dict.fromkeys(case for case, _ in places))
    members = {case: {one.row: one.key for one in family.members} for case, family in found.items()}
    for some in _in_parts(places, members):
        with store.connect() as connection:
            last = max(decisions[place].id for place in some)
            moves = _moves(connection, {row for place in some for row in members[place.case]}, last)
            told = {
                place: [*_told(registry, members[place.case], moves, decisions[place].id)] for place in some
            }
            asked = {place: _asked_for(told[place]) for place in some}
            states = _states(connection, {one.key for found in asked.values() for one in found})
        for place in some:
            case, *others = sorted(told[place], key=lambda one: one.subject.key != place.case)
            notices = [one.as_it_stands(states) for one in asked[place]]
            yield Record(case, others, notices, decisions[place].at)


class _Decision(NamedTuple):
    """A decision's row in the ledger, and when it was taken, UTC."""

    id: int
    at: datetime


def _decisions(connection: Connection, places: Sequence[Place]) -> dict[Place, _Decision]:
    statement = (
        select(_SUBJECT.key, _MOVE.seq, _MOVE.id, _MOVE.at)
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(tuple_(_SUBJECT.key, _MOVE.seq).in_(places))
    )
    found = {Place(row.key, row.seq): _Decision(row.id, row.at) for row in connection.execute(statement)}
    for place in places:
        if place not in found:
            raise NotFound(f"case: the ledger has no decision {place.seq} about {place.case!r}")
    return found


def _in_parts(places: Sequence[Place], members: Mapping[str, Collection[int]]) -> Iterator[list[Place]]:
    """One after another, as many together as have `MOST` members in all, one at least."""
    part: list[Place] = []
    room = MOST
    for place in places:
        room -= len(members[place.case])
        if part and room < 0:
            yield part
            part, room = [], MOST - len(members[place.case])
        part.append(place)
    if part:
        yield part


def _moves(connection: Connection, members: Collection[int], last: int) -> dict[int, list[Row[Any]]]:
    """All moves of members up to the row `last`: rows are added in the order of decisions."""
    found: dict[int, list[Row[Any]]] = {}
    ids = sorted(members)
    for start in range(0, len(ids), _AT_ONCE):
        statement = (
            select(_MOVE.subject_id, _MOVE.id, *MOVE_COLUMNS)
            .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
            .outerjoin(schema.events, _EVENT.id == _MOVE.event_id)
            .where(_MOVE.subject_id.in_(ids[start : start + _AT_ONCE]), _MOVE.id <= last)
            .order_by(_MOVE.subject_id, _MOVE.seq)
        )
        for row in connection.execute(statement):
            found.setdefault(row.subject_id, []).append(row)
    return found


def _told(
    registry: Registry, members: Mapping[int, str], moves: Mapping[int, list[Row[Any]]], last: int
) -> Iterator[Told]:
    """The members that were opened by the decision in the row `last`, as it left them."""
    for subject in sorted(members):
        rows = [row for row in moves.get(subject, ()) if row.id <= last]
        if not rows:
            continue
        key = members[subject]
        decisions = [(row.id, one) for row, one in zip(rows, retell(registry, key, rows), strict=True)]
        latest = decisions[-1][1]
        if latest.after.opened_at is not None:
            done = [one for one in decisions if one[1].decision.outcome is not Outcome.REFUSED]
            yield Told(latest.after, latest.lifecycle, done)


class _Asked(NamedTuple):
    """A message that a decision asked for, under its idempotency key."""

    key: str
    subject: str
    at: datetime
    effect: SendNotice

    def as_it_stands(self, states: Mapping[str, tuple[str, Any]]) -> Notice:
        """The ledger says what was asked for; the outbox, by the same key, what became of it."""
        state, receipt = states.get(self.key, ("unknown", None))
        said = self.effect
        return Notice(self.subject, self.at, said.channel, said.about, said.title, said.words, state, receipt)


def _asked_for(told: Iterable[Told]) -> list[_Asked]:
    """All messages that were asked for, in that order."""
    asked = [
        _Asked(f"{one.subject.key}/{done.after.seq}/{number}", one.subject.key, done.at, effect)
        for one in told
        for _, done in one.decisions
        for number, effect in enumerate(done.decision.effects)
        if isinstance(effect, SendNotice)
    ]
    return sorted(asked, key=lambda one: one.at)


def _states(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, Any]]:
    """By idempotency key, how an effect stands, and its receipt."""
    found: dict[str, tuple[str, Any]] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), _AT_ONCE):
        statement = select(_EFFECT.key, _EFFECT.state, _EFFECT.receipt).where(
            _EFFECT.key.in_(wanted[start : start + _AT_ONCE])
        )
        found |= {key: (state, receipt) for key, state, receipt in connection.execute(statement)}
    return found
