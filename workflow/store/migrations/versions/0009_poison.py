"""Poison: what ends processes, chains of events without end, what was discarded, what a person was told of.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for table in ("inbox", "timers"):
        _add(table, "hops", sa.Integer(), "events in a row that led to it; null: none")
        _add(table, "deaths", sa.SmallInteger(), "processes that ended while they decided it; null: none")
    op.create_table(
        "discards",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column(
            "event_id", _ID, comment="the event that is not decided any more, or null: a timer was dropped"
        ),
        sa.Column("timer", sa.Text),
        sa.Column("setting", sa.Integer, comment="which setting of that timer"),
        sa.Column("reason", sa.Text, nullable=False, comment="in the words of whoever dropped it"),
        sa.Column("error", sa.Text, comment="why it had been a dead letter, if it was one"),
        sa.Column("discarded_by", sa.Text, nullable=False, comment="who dropped it"),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_discards"),
        sa.UniqueConstraint("event_id", name="uq_discards_event_id"),
    )
    op.create_index("ix_discards_subject_id", "discards", ["subject_id"])
    op.create_table(
        "told_letters",
        sa.Column(
            "letter", Key, nullable=False, comment="a dead letter: its kind, its place and which death"
        ),
        sa.Column(
            "number", sa.Integer, nullable=False, comment="number of the escalation that told a person of it"
        ),
        sa.Column("told_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("letter", name="pk_told_letters"),
    )
    op.create_index("ix_told_letters_told_at", "told_letters", ["told_at"])


def _add(table: str, name: str, kind: sa.types.TypeEngine[int], comment: str) -> None:
    op.add_column(table, sa.Column(name, kind, comment=comment))


def downgrade() -> None:
    op.drop_table("told_letters")
    op.drop_table("discards")
    for table in ("timers", "inbox"):
        op.drop_column(table, "deaths")
        op.drop_column(table, "hops")
