"""The future, as rows: when the next one is due."""

from datetime import datetime

from sqlalchemy import func, select

from workflow.store.port import Store
from workflow.store.schema import timers


def next_due(store: Store) -> datetime | None:
    """When the next timer fires, UTC; None when none is pending. One look at an index."""
    with store.connect() as connection:
        return connection.execute(select(func.min(timers.c.due_at, type_=timers.c.due_at.type))).scalar()
