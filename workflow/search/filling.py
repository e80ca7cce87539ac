"""Subjects put into the index that were there before it was, or before its terms had the form they have now.

Some at a time, in the order of their rows and under the locks of decisions, so that nothing newer is written
over. How far it is stands in `search_filling`: whoever goes on goes on from there, after whatever ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import INITIAL, Subject
from workflow.search.noting import note_texts
from workflow.search.spelling import KnownWords
from workflow.search.terms import FORM
from workflow.store.port import Changes, Store
from workflow.store.schema import search_filling, subjects

AT_ONCE = 200
"""Subjects that are locked together."""

_FILLING = search_filling.c
_SUBJECT = subjects.c
_COLUMNS = (
    _SUBJECT.id,
    _SUBJECT.closed_at,
    _SUBJECT.key,
    _SUBJECT.lifecycle,
    _SUBJECT.version,
    _SUBJECT.state,
    _SUBJECT.seq,
    _SUBJECT.data,
)


class Filling(NamedTuple):
    """How far the index is: up to which row of a subject, of which row at the end."""

    last: int
    until: int

    @property
    def is_done(self) -> bool:
        """Whether every subject is in the index."""
        return self.last >= self.until

    @property
    def share(self) -> float:
        """The share of all subjects that is in it, from 0 to 1."""
        return 1.0 if self.is_done else round(self.last / self.until, 3)


DONE = Filling(0, 0)
"""There is nothing to be put in."""


def filling(connection: Connection) -> Filling:
    """How far it is."""
    row = connection.execute(select(_FILLING.form, _FILLING.last, _FILLING.until)).first()
    if row is None:
        return DONE
    if row.form < FORM:
        return Filling(0, max(1, _newest(connection)))
    return Filling(row.last, row.until)


def fill(store: Store, definition: Callable[[str, int], Lifecycle], most: int = AT_ONCE) -> Filling:
    """Put some more subjects in, and say how far it is then.

    Args:
        definition: gives that of a name and a version.
        most: subjects that are put in.
    """
    with store.connect() as connection:
        if filling(connection).is_done:
            return DONE
    with store.begin() as transaction:
        connection = transaction.connection
        begun = select(_FILLING.form, _FILLING.last, _FILLING.until)
        row = connection.execute(begun.with_for_update()).one()  # one at a time
        last, until = (0, _newest(connection)) if row.form < FORM else (row.last, row.until)
        found = connection.execute(
            select(*_COLUMNS)
            .where(_SUBJECT.id > last, _SUBJECT.id <= until)
            .order_by(_SUBJECT.id)
            .limit(most)
            .with_for_update()
        ).all()
        transaction.write_search(_changes(found, definition))
        last = found[-1].id if len(found) == most else until
        connection.execute(update(search_filling).values(form=FORM, last=last, until=until))
    return Filling(last, until)


def _changes(found: Sequence[Any], definition: Callable[[str, int], Lifecycle]) -> Changes:
    changes, known = Changes(), KnownWords()
    for row in found:
        if row.state == INITIAL:
            continue
        subject = Subject(*tuple(row)[2:])
        rule = definition(subject.lifecycle, subject.version).search
        note_texts(changes, row.id, rule, subject, known)
        changes.subjects[row.id] = subject
        changes.standings[row.id] = rule.read_standing(subject.data)
        if row.closed_at is not None:
            changes.closed.add(row.id)
    return changes


def _newest(connection: Connection) -> int:
    return connection.scalar(select(func.max(_SUBJECT.id))) or 0
