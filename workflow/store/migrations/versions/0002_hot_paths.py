"""Hot paths: keys ordered by bytes, claims that take turns, rows that change without touching an index.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEYS = {
    "subjects": ("key", "parent"),
    "events": ("source", "event_id"),
    "timers": ("name",),
    "outbox": ("key",),
}
"""Columns that get PostgreSQL's collation "C"."""

_BY_NUMBER: dict[str, float] = {"autovacuum_vacuum_scale_factor": 0.01, "autovacuum_vacuum_threshold": 20000}
_STORAGE: dict[str, dict[str, float]] = {
    # Room on each page for the next version of its rows.
    "subjects": {"fillfactor": 80} | _BY_NUMBER,
    "outbox": {"fillfactor": 80} | _BY_NUMBER,
    # Rows come and go, so what counts is how many are dead and not their share: of ten million pending timers
    # two million could else be dead before anybody looked.
    "inbox": {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 5000},
    "timers": {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 20000},
}
_EVERY: dict[str, float] = {
    "autovacuum_vacuum_cost_delay": 0,
    "autovacuum_analyze_scale_factor": 0.05,
}


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    if postgresql:
        for table, columns in _KEYS.items():
            for column in columns:
                op.alter_column(table, column, type_=Key)
    _subjects()
    _timers()
    _outbox()
    if postgresql:
        _store()


def _subjects() -> None:
    with op.batch_alter_table("subjects") as table:
        table.add_column(
            sa.Column(
                "closed_at",
                Instant(),
                nullable=True,
                comment="since when it is in a final state; null while it is open",
            )
        )
        table.drop_index("ix_subjects_lifecycle_state_id")
    # Who was in a final state before this version is taken for open until it moves: only a list's order of
    # work depends on it, and which states are final stands in the definitions, which SQL cannot read.
    op.create_index(
        "ix_subjects_open",
        "subjects",
        ["lifecycle", "id"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _timers() -> None:
    comment = "of its subject: claims take turns among lifecycles"
    op.add_column("timers", sa.Column("lifecycle", Key, nullable=True, comment=comment))
    op.execute(
        "update timers set lifecycle = (select s.lifecycle from subjects s where s.id = timers.subject_id)"
    )
    with op.batch_alter_table("timers") as table:
        table.alter_column("lifecycle", existing_type=sa.Text(), existing_comment=comment, nullable=False)
        table.drop_index("ix_timers_due_at")
    op.create_index(
        "ix_timers_lifecycle_due_at",
        "timers",
        ["lifecycle", "due_at", "subject_id", "name"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _outbox() -> None:
    comment = "an Urgency: the lowest goes first"
    op.add_column("outbox", sa.Column("urgency", sa.SmallInteger(), nullable=True, comment=comment))
    op.execute("update outbox set urgency = case when kind = 'task' or target = 'live' then 0 else 1 end")
    with op.batch_alter_table("outbox") as table:
        table.alter_column(
            "urgency", existing_type=sa.SmallInteger(), existing_comment=comment, nullable=False
        )
        table.drop_index("ix_outbox_due_at")
        table.drop_index("ix_outbox_subject_id")
    op.create_index(
        "ix_outbox_urgency_due_at",
        "outbox",
        ["urgency", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _store() -> None:
    """How PostgreSQL keeps the tables whose rows change all the time."""
    for table in ("subjects", "timers", "inbox", "outbox"):
        settings = _STORAGE.get(table, {}) | _EVERY
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        op.execute(f"alter table {table} set ({said})")
