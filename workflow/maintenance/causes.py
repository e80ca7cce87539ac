"""Causes of what was given up: how many of each there are, and the oldest of them.

Nothing here reads more rows than its bound, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from workflow.maintenance.given_up import Cause, GivenUp, by_cause, oldest, these
from workflow.store.port import Store

MOST = 1_000
"""Of a kind so many are looked at, the oldest: to find their causes, and to count those with one."""
MOST_CAUSES = 40
"""Causes that are told of."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One of them: about which subject (a message: about none), since when, UTC, with its whole error."""

    subject: str | None
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many have a cause, since when the first of them does (UTC), and one of them."""

    cause: Cause
    count: int
    since: datetime
    sample: Sample


@dataclass(frozen=True, slots=True)
class Causes:
    """All causes, those of most first; `more`: there may be others than those that were looked at."""

    items: list[Counted]
    more: bool


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many have a cause, and the first; `more`: there may be others than those that were looked at."""

    count: int
    more: bool
    samples: list[Sample]


def causes(store: Store, most: int = MOST) -> Causes:
    """The causes of what was given up and waits for an operator, of the `most` oldest of each kind."""
    found: list[tuple[Cause, Any]] = []
    more = False
    with store.connect() as connection:
        for kind in GivenUp:
            rows = connection.execute(by_cause(kind), {"most": most}).all()
            more = more or sum(row.many for row in rows) == most
            found += [(Cause(kind, row.what, row.word), row) for row in rows]
        found.sort(key=lambda one: -one[1].many)
        told = found[:MOST_CAUSES]
        samples = _samples(connection, told)
    items = [
        Counted(cause, row.many, row.since, sample)
        for (cause, row), sample in zip(told, samples, strict=True)
    ]
    return Causes(items, more or len(found) > MOST_CAUSES)


def counted(store: Store, cause: Cause, samples: int, most: int = MOST) -> CauseCount:
    """How many have this cause, of the `most` oldest of their kind, and the first `samples` of them."""
    some = oldest(cause.kind).subquery()
    has_it = (some.c.what == cause.what) & (some.c.word == cause.word)
    numbers = select(func.count(), func.count().filter(has_it)).select_from(some)
    first = select(some).where(has_it).order_by(some.c.since, some.c.id).limit(samples)
    with store.connect() as connection:
        every, count = connection.execute(numbers, {"most": most}).one()
        rows = [(cause, row) for row in connection.execute(first, {"most": most})]
        return CauseCount(count, every == most, _samples(connection, rows))


def _samples(connection: Connection, wanted: Sequence[tuple[Cause, Any]]) -> list[Sample]:
    """Each as it is now, those of a kind read together; of what somebody has just seen to, its cause."""
    ids: dict[GivenUp, list[int]] = {}
    for cause, row in wanted:
        ids.setdefault(cause.kind, []).append(row.id)
    found: dict[tuple[GivenUp, int, str], Any] = {}
    for kind, some in ids.items():
        rows = connection.execute(these(kind), {"ids": some})
        found |= {(kind, row.id, row.what): row for row in rows}
    return [
        Sample(row.subject, row.since, row.error or "")
        if (row := found.get((cause.kind, known.id, cause.what)))
        else Sample(None, known.since, cause.word)
        for cause, known in wanted
    ]
