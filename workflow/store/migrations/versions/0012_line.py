"""The desk's line as a table, in the order in which people are served.

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WAITING = {"callback": ("waiting",), "escalation": ("asking", "notified", "waiting")}
_ROWS = 1000


def upgrade() -> None:
    line = op.create_table(
        "line",
        sa.Column("subject_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("lifecycle", Key, nullable=False),
        sa.Column("at", Instant, nullable=False, comment="by which it is served: the earliest first"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_line"),
    )
    assert line is not None
    connection = op.get_bind()
    for some in _standing(connection):
        connection.execute(line.insert(), some)
    op.create_index("ix_line_lifecycle_at", "line", ["lifecycle", "at", "subject_id"])


def _standing(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """The rows of those that stand in it before there is a table, some at a time."""
    subjects = sa.table(
        "subjects",
        sa.column("id", sa.BigInteger),
        sa.column("lifecycle", sa.Text),
        sa.column("state", sa.Text),
        sa.column("data", Json),
        sa.column("opened_at", Instant),
        sa.column("changed_at", Instant),
        sa.column("closed_at", Instant),
    )
    free = (
        sa.and_(subjects.c.lifecycle == name, subjects.c.state.in_(states))
        for name, states in _WAITING.items()
    )
    query = sa.select(subjects).where(subjects.c.closed_at.is_(None), sa.or_(*free)).order_by(subjects.c.id)
    last = 0
    while rows := connection.execute(query.where(subjects.c.id > last).limit(_ROWS)).all():
        last = rows[-1].id
        yield [{"subject_id": row.id, "lifecycle": row.lifecycle, "at": _place(row)} for row in rows]


def _place(row: Any) -> datetime:
    said = row.data.get("place") or row.data.get("due_at") or row.data.get("promise_due_at")
    try:
        found = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        found = row.opened_at or row.changed_at
    assert isinstance(found, datetime)
    return found.astimezone(UTC)


def downgrade() -> None:
    op.drop_table("line")
