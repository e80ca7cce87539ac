"""What the ledger tells of a case and all that came out of it, up to one decision about the case.

Whoever writes late writes the same: a subject about which more was decided since is rebuilt from its events
as it was. What is stored of the others is that very state (invariant 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Row, Text, and_, select, tuple_

from state_machines.decision import Outcome
from state_machines.subject import NOTHING
from workflow.engine.ledger import MOVE_COLUMNS, retell
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.queries.family import MOST, Member, families
from workflow.store import schema
from workflow.store.keys import range_below
from workflow.store.many_keys import of_each
from workflow.store.own_sources import TIMER_SOURCE
from workflow.store.port import Store

_MOVE, _EVENT, _SUBJECT = schema.moves.c, schema.events.c, schema.subjects.c
_EFFECT = schema.outbox.c
_MOVES = (
    _MOVE.subject_id,
    _MOVE.id,
    _MOVE.source.label("left"),
    _MOVE.dest,
    _MOVE.outcome,
    *MOVE_COLUMNS,
)
_WITH_EVENTS = schema.moves.join(schema.subjects, _SUBJECT.id == _MOVE.subject_id).outerjoin(
    schema.events, _EVENT.id == _MOVE.event_id
)
_MESSAGES = (_EFFECT.subject_id, _EFFECT.key, _EFFECT.target, _EFFECT.payload, _EFFECT.state)
_AT_ONCE = 400
"""Subjects that one query asks for: SQLite takes so many parameters and not all of them."""


class Step(NamedTuple):
    """One decision as the ledger has it.

    Attributes:
        row: in the ledger, which tells the order of what happened at one instant.
        seq: its number among those about its subject, from 1.
        at: when it was taken, UTC.
        event_source: who sent what was decided.
        said: the data that came with it.
    """

    row: int
    seq: int
    at: datetime
    trigger: str
    source: str
    dest: str
    outcome: Outcome
    event_source: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One subject as the decision in question left it, and all that was decided about it until then.

    `steps` are those that refused nothing. `opened_at` and `changed_at` are UTC.
    """

    key: str
    lifecycle: str
    state: str
    data: Mapping[str, Any]
    opened_at: datetime
    changed_at: datetime
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that was asked for: when (UTC), over which channel, about what, and how it stands."""

    at: datetime
    channel: str
    about: str
    title: str
    state: str


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
    members = {case: family.members for case, family in found.items()}
    for some in _in_parts(places, members):
        everybody = {one.row: one.key for place in some for one in members[place.case]}
        last = max(decisions[place].id for place in some)
        with store.connect() as connection:
            moves = _moves(connection, everybody, last)
            asked = _notices(connection, everybody)
        for place in some:
            told = {
                one.row: as_it_was
                for one in members[place.case]
                if (as_it_was := _told(registry, one, moves, decisions[place].id)) is not None
            }
            case, *others = sorted(told, key=lambda row: (told[row].key != place.case, row))
            notices = [*_asked_for(told, asked)]
            yield Record(told[case], [told[row] for row in others], notices, decisions[place].at)


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


def _in_parts(places: Sequence[Place], members: Mapping[str, Sequence[Member]]) -> Iterator[list[Place]]:
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


def _moves(connection: Connection, members: Iterable[int], last: int) -> dict[int, list[Row[Any]]]:
    """All moves of members up to the row `last`: rows are added in the order of decisions."""
    found: dict[int, list[Row[Any]]] = {}
    ids = sorted(members)
    for start in range(0, len(ids), _AT_ONCE):
        some = {"subject": (BigInteger(), ids[start : start + _AT_ONCE])}
        query = of_each(
            connection, some, _MOVES, _WITH_EVENTS,
            lambda wanted: and_(_MOVE.subject_id == wanted.c.subject, _MOVE.id <= last),
        )  # fmt: skip
        for row in connection.execute(query):
            found.setdefault(row.subject_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.seq)
    return found


def _told(registry: Registry, member: Member, moves: Mapping[int, list[Row[Any]]], last: int) -> Told | None:
    """A member as the decision in the row `last` left it; None where it was not opened by then."""
    rows = [row for row in moves.get(member.row, ()) if row.id <= last]
    if not rows:
        return None
    state, data, opened, changed = member.state, member.data, member.opened_at, member.changed_at
    if member.seq != rows[-1].seq:
        *_, then = retell(registry, member.key, rows, asking=False)
        state, data, opened, changed = (
            then.after.state,
            then.after.data,
            then.after.opened_at,
            then.after.changed_at,
        )
    if opened is None or changed is None:
        return None
    steps = [_step(row) for row in rows if row.outcome != Outcome.REFUSED]
    return Told(member.key, member.lifecycle, state, data, opened, changed, steps)


def _step(row: Row[Any]) -> Step:
    source, said = (row.source, row.data) if row.timer is None else (TIMER_SOURCE, NOTHING)
    return Step(row.id, row.seq, row.at, row.trigger, row.left, row.dest, Outcome(row.outcome), source, said)


class _Asked(NamedTuple):
    """A message that was asked for: by which decision of its subject, as its how-manieth effect."""

    seq: int
    number: int
    channel: str
    about: str
    title: str
    state: str


def _notices(connection: Connection, members: Mapping[int, str]) -> dict[int, list[_Asked]]:
    """All messages that were ever asked for by members, by the row of the member, in that order."""
    found: dict[int, list[_Asked]] = {}
    ids = sorted(members)
    for start in range(0, len(ids), _AT_ONCE):
        firsts, lasts = zip(
            *(range_below(members[one]) for one in ids[start : start + _AT_ONCE]), strict=True
        )
        query = of_each(
            connection, {"first": (Text(), firsts), "last": (Text(), lasts)}, _MESSAGES, schema.outbox,
            lambda wanted: and_(
                _EFFECT.key > wanted.c.first, _EFFECT.key < wanted.c.last, _EFFECT.kind == "notice"
            ),
        )  # fmt: skip
        for subject, key, channel, said, state in connection.execute(query):
            _, seq, number = key.rsplit("/", 2)
            asked = _Asked(int(seq), int(number), channel, said["about"], said["title"], state)
            found.setdefault(subject, []).append(asked)
    for messages in found.values():
        messages.sort()
    return found


def _asked_for(told: Mapping[int, Told], asked: Mapping[int, list[_Asked]]) -> Iterator[Notice]:
    """The messages that these decisions asked for, in that order."""
    found = [
        (step.at, row, one)
        for row in sorted(told)
        for step, one in _by_step(told[row].steps, asked.get(row, ()))
    ]
    for at, _, one in sorted(found):
        yield Notice(at, one.channel, one.about, one.title, one.state)


def _by_step(steps: Sequence[Step], asked: Sequence[_Asked]) -> Iterator[tuple[Step, _Asked]]:
    """Each message with the decision that asked for it; of later decisions none."""
    known = {step.seq: step for step in steps}
    return ((known[one.seq], one) for one in asked if one.seq in known)
