"""Messages of routes that became no events: kept as they came, until somebody mends the route or discards
them.

Each was signed by its sender. What stands in them may be personal: no log shows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from state_machines.errors import Problem
from workflow.errors import MakegoodError, NotFound, NotRetryable
from workflow.hooks.message import Message
from workflow.queries.cursor import fetch_page, row_of
from workflow.store import schema
from workflow.store.port import Store

MOST_PROBLEMS = 20
"""That are kept of one message."""
_LONGEST_WORDS = 2_000
_TABLE = schema.unmapped
_ROW = _TABLE.c
_WAITING = _ROW.settled_at.is_(None)

log = structlog.get_logger(__name__)


class NoRoom(MakegoodError):
    """So much is kept already that another message cannot be: its sender must try again later."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One message that is kept.

    Attributes:
        id: by which it is retried or discarded.
        route: to which it was posted.
        received_at, last_at: when it came first, and last; UTC.
        times: how often it has come.
        reason: `unreadable`, `unmapped`, `mapping`, `refused` (the engine would not take the events) or
            `other-event` (its id is that of another one).
        case: the name of the case that fits, if one does.
        problems: why: field, rule and message of each.
        size: bytes of its body.
        digest: SHA-256 of all of it.
        settled_at, outcome, settled_by, note: when, how (`retried`, `discarded`), by whom and why it was
            settled; null while it waits.
    """

    id: int
    route: str
    received_at: datetime
    last_at: datetime
    times: int
    reason: str
    case: str | None
    problems: list[dict[str, str]]
    size: int
    digest: str
    settled_at: datetime | None
    outcome: str | None
    settled_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class UnmappedPage:
    """Some of them, the oldest first, and the cursor of the next page (None: that was all)."""

    items: list[Unmapped]
    next: str | None


_COLUMNS = (
    *(_ROW.id, _ROW.route, _ROW.received_at, _ROW.last_at, _ROW.times, _ROW.reason, _ROW.case_name),
    *(_ROW.problems, _ROW.size, _ROW.digest, _ROW.settled_at, _ROW.outcome, _ROW.settled_by, _ROW.note),
)


def keep(
    store: Store,
    message: Message,
    reason: str,
    problems: Sequence[Problem],
    case: str | None,
    *,
    most_bytes: int,
    now: datetime,
) -> int:
    """Keep a message, and why; its id. The very same that waits already is counted, and kept once.

    Raises NoRoom when more than `most_bytes` are kept.
    """
    insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    row = {
        "route": message.route,
        "received_at": message.received_at,
        "last_at": now,
        "times": 1,
        "reason": reason,
        "case_name": case,
        "problems": _written(problems),
        "headers": dict(message.headers),
        "query": dict(message.query),
        "body": message.body,
        "size": len(message.body),
        "digest": _digest(message),
    }
    again = {"times": _ROW.times + 1, "last_at": now}
    newest = {"reason": reason, "case_name": case, "problems": row["problems"]}
    statement = (
        insert(_TABLE)
        .values(row)
        .on_conflict_do_update(
            index_elements=["route", "digest"], index_where=_WAITING, set_={**again, **newest}
        )
        .returning(_ROW.id)
    )
    with store.begin() as transaction:
        connection = transaction.connection
        kept = connection.execute(select(func.sum(_ROW.size)).where(_WAITING)).scalar_one() or 0
        same = (_ROW.route == message.route) & (_ROW.digest == row["digest"]) & _WAITING
        known = connection.execute(select(_ROW.id).where(same)).first() is not None
        if not known and kept + len(message.body) > most_bytes:
            raise NoRoom(
                f"unmapped: {kept} bytes of messages are kept to be looked at, which is all there is room for"
            )
        found: int = connection.execute(statement).scalar_one()
    log.warning(
        "a message became no events", route=message.route, reason=reason, rule=problems[0].rule, id=found
    )
    return found


def page(
    store: Store, *, route: str | None, settled: bool, limit: int = 100, cursor: str | None = None
) -> UnmappedPage:
    """Those that wait, or those that were settled. Raises InvalidQuery for a wrong cursor."""
    chosen = [_WAITING if not settled else _ROW.settled_at.is_not(None), _ROW.id > row_of(cursor)]
    if route is not None:
        chosen.append(_ROW.route == route)
    with store.connect() as connection:
        query = select(*_COLUMNS).where(*chosen).order_by(_ROW.id)
        rows, more = fetch_page(connection, query, limit)
    return UnmappedPage([Unmapped(*tuple(row)) for row in rows], more)


def one(store: Store, number: int) -> tuple[Unmapped, Message]:
    """One of them, and the message as it came; its body is empty once it is settled. Raises NotFound."""
    columns = (*_COLUMNS, _ROW.headers, _ROW.query, _ROW.body)
    with store.connect() as connection:
        row = connection.execute(select(*columns).where(_ROW.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"unmapped: there is no message {number}")
    *said, headers, query, body = row
    found = Unmapped(*said)
    return found, Message(found.route, headers, query, bytes(body), found.received_at)


def waiting(store: Store, number: int) -> Message:
    """The message of one that waits. Raises NotFound, and NotRetryable where it was settled."""
    found, message = one(store, number)
    if found.settled_at is not None:
        raise NotRetryable(f"unmapped: message {number} was {found.outcome} already")
    return message


def failed_again(
    store: Store, number: int, reason: str, problems: Sequence[Problem], case: str | None
) -> None:
    """Note why it still becomes no events."""
    values = {"reason": reason, "problems": _written(problems), "case_name": case}
    with store.begin() as transaction:
        transaction.connection.execute(update(_TABLE).where(_ROW.id == number, _WAITING).values(values))


def settle(store: Store, number: int, outcome: str, by: str, note: str | None, now: datetime) -> None:
    """Note what became of one that waits, and delete what it said. Raises NotRetryable where it was
    settled."""
    values: dict[str, Any] = {
        "settled_at": now,
        "outcome": outcome,
        "settled_by": by,
        "note": note,
        "body": b"",
        "headers": {},
        "query": {},
    }
    with store.begin() as transaction:
        done = transaction.connection.execute(
            update(_TABLE).where(_ROW.id == number, _WAITING).values(values)
        )
    if not done.rowcount:
        raise NotRetryable(f"unmapped: message {number} was settled meanwhile")


def count(store: Store) -> Mapping[str, int]:
    """How many wait, by route."""
    query = select(_ROW.route, func.count()).where(_WAITING).group_by(_ROW.route)
    with store.connect() as connection:
        return {route: number for route, number in connection.execute(query)}


def prune(store: Store, before: datetime, most: int = 1_000) -> int:
    """Delete what came last before this instant (UTC), so many at once; how many of them waited still."""
    old: ColumnElement[bool] = _ROW.last_at < before
    with store.begin() as transaction:
        connection = transaction.connection
        found = connection.execute(
            select(_ROW.id, _ROW.settled_at).where(_ROW.received_at < before, old).limit(most)
        ).all()
        if found:
            connection.execute(delete(_TABLE).where(_ROW.id.in_([row.id for row in found])))
    lost = sum(row.settled_at is None for row in found)
    if lost:
        log.warning("messages that nobody has looked at are forgotten", messages=lost)
    return lost


def _written(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [
        {"field": problem.field, "rule": problem.rule, "message": _storable(problem.message)}
        for problem in problems[:MOST_PROBLEMS]
    ]


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")[:_LONGEST_WORDS]


def _digest(message: Message) -> str:
    """Of all of it: of two equal bodies a header may say that one is something else."""
    head = orjson.dumps([message.headers, message.query], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(head + b"\n" + message.body).hexdigest()
