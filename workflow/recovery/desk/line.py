"""The line: who has waited longest for what we promised comes first, whoever is asking.

A place is an instant: the promised one, else when the call is expected or should be taken on. So a call that
nobody promised moves up as time passes, and none waits for ever behind those with a promise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_, union_all

from workflow.errors import NotFound
from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow, opened_subject
from workflow.recovery.desk.item import Item, Kind, item_of
from workflow.store import schema
from workflow.store.port import Store

_SUBJECT = schema.subjects.c
_LINE = schema.line.c
_FIRST_PAGE, _PAGE = 50, 200
_NO_ITEMS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody who looks at the line can do.

    Attributes:
        kinds: calls, escalations or both.
        skills, languages: what they can do and speak; None: anything. A call without a language is for all.
        desk: only what is for this desk, or for none in particular; None: for any.
        desks: the desks that they may see the line of; None: all.
    """

    kinds: tuple[Kind, ...] = tuple(Kind)
    skills: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    desk: str | None = None
    desks: frozenset[str] | None = None

    def fit(self, item: Item) -> bool:
        """Whether they can take this on."""
        if self.skills is not None and not self.skills.issuperset(item.skills):
            return False
        if self.languages is not None and item.language and item.language not in self.languages:
            return False
        if self.desks is not None and item.desk and item.desk not in self.desks:
            return False
        return self.desk is None or not item.desk or item.desk == self.desk


def line(
    store: Store, now: datetime, wishes: Wishes, limit: int, *, without: Collection[str] = _NO_ITEMS
) -> list[Item]:
    """The first of the line whom somebody with these wishes may take on now.

    Args:
        now: calls whose customer may not be called at this instant (UTC) are passed over.
        limit: at most so many.
        without: keys to pass over.
    """
    found: list[Item] = []
    for item in _waiting(store, wishes.kinds):
        if item.key not in without and wishes.fit(item) and item.may_be_taken(now):
            found.append(item)
            if len(found) == limit:
                break
    return found


def _waiting(store: Store, kinds: tuple[Kind, ...]) -> Iterator[Item]:
    """All that waits for a person, in order, fetched as far as it is looked at."""
    with store.connect() as connection:
        rows = connection.execute(_first(kinds)).all()
        while rows:
            for row in rows:
                yield item_of(SubjectRow(*row[2:]))
            at, subject, *_ = rows[-1]
            rows = connection.execute(_next(kinds), {"at": at, "subject": subject}).all()


@cache
def _first(kinds: tuple[Kind, ...]) -> Select[Any]:
    return _query(kinds, _FIRST_PAGE, ())


@cache
def _next(kinds: tuple[Kind, ...]) -> Select[Any]:
    """Those after the place ``at``, ``subject``."""
    last = tuple_(bindparam("at", type_=_LINE.at.type), bindparam("subject", type_=_LINE.subject_id.type))
    return _query(kinds, _PAGE, (tuple_(_LINE.at, _LINE.subject_id) > last,))


def _query(kinds: tuple[Kind, ...], limit: int, where: tuple[ColumnElement[bool], ...]) -> Select[Any]:
    """So many of the line. Each lifecycle is read by the index, in its order."""
    parts = [
        select(_LINE.at, _LINE.subject_id)
        .where(_LINE.lifecycle == kind.value, *where)
        .order_by(_LINE.at, _LINE.subject_id)
        .limit(limit)
        .subquery()
        for kind in kinds
    ]
    place = union_all(*(select(part) for part in parts)).subquery()
    found = select(place).order_by(place.c.at, place.c.subject_id).limit(limit).subquery()
    return (
        select(found.c.at, found.c.subject_id, *SUBJECT_COLUMNS)
        .join(schema.subjects, _SUBJECT.id == found.c.subject_id)
        .order_by(found.c.at, found.c.subject_id)
    )


def find(store: Store, key: str) -> Item:
    """A call or an escalation as the desk sees it, in whatever state. Raises NotFound when there is none."""
    if key.partition(":")[0] not in set(Kind):
        raise NotFound(f"subject: {key!r} is no call and no escalation")
    return item_of(opened_subject(store, key))
