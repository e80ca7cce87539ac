"""Turns: one process has a subscription to itself for a while, sends what is due, and writes what came of it.

What was sent and what is still to be sent is written in one transaction at the end of a turn. A process that
is killed before leaves everything as it was, and the next turn sends the same again under the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from workflow.queries.changes import Change, changes_by_row, changes_within
from workflow.store.port import Store
from workflow.store.schema import forward_attempts, held_changes, moves, subscriptions
from workflow.store.watermark import Watermark
from workflow.subscriptions.subscription import Choice, SubscriptionStatus, filter_of

AT_ONCE = 200
"""Changes that a turn sends."""
LOOKED_AT = 2_000
"""Rows of the ledger after which a turn looks no further, however few of them fitted its condition."""
MOST_HELD = 1_000
"""Changes that are held for a subscription. From then on it stands still until some of them have arrived."""

_ROW, _HELD = subscriptions.c, held_changes.c


class Place(NamedTuple):
    """A subscription whose turn this process has.

    Attributes:
        secrets: what is sent is signed with each of them.
        position: the row of the ledger up to which everything is delivered or held.
        failures: turns in a row in which nothing arrived.
        token: shows that it is still ours.
    """

    id: str
    url: str
    choice: Choice
    secrets: tuple[str, ...]
    position: int
    failures: int
    token: str


@dataclass(slots=True)
class Waiting:
    """A change that is to be sent.

    Attributes:
        attempts: how many have failed.
        failing_since: when the first of them did, UTC.
        held: whether it has a row among those that are held.
        failed: whether it was tried in this turn, in vain.
        due_at: when it is tried next, UTC; None: at once.
    """

    change: Change
    attempts: int = 0
    failing_since: datetime | None = None
    held: bool = False
    failed: bool = False
    due_at: datetime | None = None


@dataclass(slots=True)
class Work:
    """What a turn has to do.

    Attributes:
        lanes: what is to be sent, by subject and in its order: the next once the one before has arrived.
        behind: new changes that wait behind one of their subject that is not due yet.
        position: up to which row everything is in `lanes`, in `behind` or held.
        more: whether there is more than one turn takes.
    """

    lanes: dict[str, list[Waiting]] = field(default_factory=dict)
    behind: list[Change] = field(default_factory=list)
    position: int = 0
    more: bool = False


class Attempt(NamedTuple):
    """One attempt to send a change; `status` None: there was no answer, for the reason in `error`."""

    change: Change
    number: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str


@dataclass(slots=True)
class Result:
    """What came of a turn.

    Attributes:
        arrived: of what was in the lanes.
        waiting: of what was in the lanes, what is still to be sent.
        due_at: when the subscription has its next turn, UTC.
        failures: turns in a row in which nothing arrived.
        disabled: why it is not served any more; None: it is.
    """

    due_at: datetime
    failures: int = 0
    arrived: list[Waiting] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    disabled: str | None = None


def claim(store: Store, now: datetime, lease: timedelta, limit: int) -> list[Place]:
    """Take up to `limit` subscriptions for so long that have something to be sent; the longest waiting first.

    Those that others take at the same moment are skipped.
    """
    with store.connect() as connection:  # most looks find nothing, and need no write lock for it
        if connection.execute(select(_ROW.id).where(_is_ready(now)).limit(1)).first() is None:
            return []
    query = select(subscriptions).where(_is_ready(now)).order_by(_ROW.due_at, _ROW.id).limit(limit)
    token = uuid4().hex
    with store.begin() as transaction:
        rows = transaction.connection.execute(query.with_for_update(skip_locked=True)).all()
        if rows:
            taken = update(subscriptions).where(_ROW.id.in_([row.id for row in rows]))
            transaction.connection.execute(taken.values(token=token, lease_until=now + lease))
    return [_place(row, token, now) for row in rows]


def are_active(store: Store) -> bool:
    """Whether there is any subscription to be served."""
    with store.connect() as connection:
        return bool(connection.scalar(select(exists().where(_ROW.status == SubscriptionStatus.ACTIVE.value))))


def work_of(store: Store, watermark: Watermark, place: Place, now: datetime) -> Work:
    """What is due: what is held, in its subjects' order, and what is new behind the position."""
    with watermark.reading() as (connection, complete):
        held = _held(connection, place.id)
        work = Work(position=place.position)
        taken = _due_lanes(connection, held, now, work)
        blocked = held.keys() - taken
        room = min(
            AT_ONCE - sum(len(lane) for lane in work.lanes.values()),
            MOST_HELD - sum(len(rows) for rows in held.values()),
        )
        if room > 0:
            _look_for_more(connection, place, complete, blocked, room, work)
    return work


def finish(store: Store, place: Place, work: Work, result: Result, now: datetime) -> bool:
    """Write what came of a turn, and give the subscription back; False if it was not ours any more."""
    with store.begin() as transaction:
        connection = transaction.connection
        ours = select(_ROW.id).where(_ROW.id == place.id, _ROW.token == place.token).with_for_update()
        if connection.execute(ours).first() is None:
            return False
        if gone := [one.change.row for one in result.arrived if one.held]:
            mine = and_(_HELD.subscription_id == place.id, _HELD.move_id.in_(gone))
            connection.execute(delete(held_changes).where(mine))
        for one in result.waiting:
            if one.held and one.failed:
                again = {"attempts": one.attempts, "failing_since": one.failing_since, "due_at": one.due_at}
                this = and_(_HELD.subscription_id == place.id, _HELD.move_id == one.change.row)
                connection.execute(update(held_changes).where(this).values(again))
        new = [one for one in result.waiting if not one.held] + [Waiting(one) for one in work.behind]
        if new:
            connection.execute(insert(held_changes), [_held_row(place.id, one, now) for one in new])
        if result.attempts:
            connection.execute(
                insert(forward_attempts), [_attempt_row(place.id, one) for one in result.attempts]
            )
        values = {
            "position": work.position,
            "due_at": result.due_at,
            "retry_at": _retry_at(connection, place.id),
            "failures": result.failures,
            "token": None,
            "lease_until": None,
        }
        if result.arrived:
            values["delivered_at"] = now
        if result.disabled is not None:
            values |= {
                "status": SubscriptionStatus.DISABLED.value,
                "reason": result.disabled,
                "changed_at": now,
            }
        connection.execute(update(subscriptions).where(_ROW.id == place.id).values(values))
    return True


def _is_ready(now: datetime) -> ColumnElement[bool]:
    return and_(
        literal_column("subscriptions.status = 'active'"),  # as the index has it
        _ROW.due_at <= now,
        or_(_ROW.lease_until.is_(None), _ROW.lease_until <= now),
        or_(_ROW.retry_at <= now, exists().where(moves.c.id > _ROW.position)),
    )


def _place(row: Row[Any], token: str, now: datetime) -> Place:
    has_former = row.former_secret is not None and row.former_until > now
    secrets = (row.secret, row.former_secret) if has_former else (row.secret,)
    choice = Choice(filter_of(row.wanted), row.condition)
    return Place(row.id, row.url, choice, secrets, row.position, row.failures, token)


def _held(connection: Connection, identity: str) -> dict[str, list[Row[Any]]]:
    """What is held, by subject and in its order; the subject that waits longest first."""
    query = select(held_changes).where(_HELD.subscription_id == identity).order_by(_HELD.move_id)
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.subject, []).append(row)
    return found


def _due_lanes(
    connection: Connection, held: Mapping[str, list[Row[Any]]], now: datetime, work: Work
) -> set[str]:
    """Put into `work` what is held and due; the subjects of which nothing else is held."""
    whole: set[str] = set()
    lanes: dict[str, list[Row[Any]]] = {}
    room = AT_ONCE
    for subject, rows in held.items():
        if rows[0].due_at > now:
            continue
        if room == 0:
            work.more = True
            break
        lanes[subject] = rows[:room]
        room -= len(lanes[subject])
        if len(lanes[subject]) == len(rows):
            whole.add(subject)
    known = changes_by_row(connection, [row.move_id for rows in lanes.values() for row in rows])
    for subject, rows in lanes.items():
        work.lanes[subject] = [
            Waiting(known[row.move_id], row.attempts, row.failing_since, held=True) for row in rows
        ]
    return whole


def _look_for_more(
    connection: Connection, place: Place, complete: int, blocked: Set[str], room: int, work: Work
) -> None:
    """Put up to `room` changes behind the position into `work`: however few of all fit the condition."""
    more = full = True
    while more and full and room and work.position < place.position + LOOKED_AT:
        page = changes_within(
            connection, place.choice.wanted, after=work.position, until=complete, limit=AT_ONCE
        )
        work.position, more, full = page.last, page.more, len(page.items) == AT_ONCE
        for number, change in enumerate(page.items, 1):
            if not place.choice.takes(change):
                continue
            if change.subject in blocked:
                work.behind.append(change)
            else:
                work.lanes.setdefault(change.subject, []).append(Waiting(change))
            room -= 1
            if room == 0 and number < len(page.items):
                work.position, more = change.row, True
                break
    work.more |= more


def _retry_at(connection: Connection, identity: str) -> datetime | None:
    """When the first subject is due whose changes are held; what is behind its first one waits for that."""
    return min((rows[0].due_at for rows in _held(connection, identity).values()), default=None)


def _held_row(identity: str, one: Waiting, now: datetime) -> dict[str, Any]:
    return {
        "subscription_id": identity,
        "move_id": one.change.row,
        "subject": one.change.subject,
        "attempts": one.attempts,
        "failing_since": one.failing_since,
        "due_at": one.due_at or now,
    }


def _attempt_row(identity: str, one: Attempt) -> dict[str, Any]:
    values = one._asdict()
    change = values.pop("change")
    return values | {"subscription_id": identity, "move_id": change.row, "change": change.id}
