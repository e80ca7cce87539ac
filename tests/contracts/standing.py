"""Subjects as they stand in a store, for changes that leave them as they are."""

from collections.abc import Iterable

from sqlalchemy import select

from state_machines.subject import Subject
from workflow.store.port import Store
from workflow.store.schema import subjects

_FIELDS = ("key", "lifecycle", "version", "state", "seq", "data", "parent", "opened_at", "changed_at")


def standing(store: Store, rows: Iterable[int]) -> dict[int, Subject]:
    """The subjects in these rows, without their timers."""
    columns = [subjects.c[name] for name in _FIELDS]
    with store.connect() as connection:
        found = connection.execute(select(subjects.c.id, *columns).where(subjects.c.id.in_(list(rows))))
        return {row: Subject(*fields) for row, *fields in found}
