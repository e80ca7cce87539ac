"""Secrets of the installation; messages that nobody can read.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False, comment="random bits, as hexadecimal digits"),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.create_table(
        "dead_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("queue", sa.Text, nullable=False, comment="the queue that it was taken from"),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="a word for what is wrong with it"),
        sa.Column("size", sa.BigInteger, nullable=False, comment="bytes of its whole body"),
        sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of its whole body"),
        sa.Column(
            "body", sa.LargeBinary, nullable=False, comment="its beginning; empty once it is discarded"
        ),
        sa.Column("discarded_at", Instant),
        sa.Column("discarded_by", sa.Text, comment="id of the key with which that was done"),
        sa.Column("note", sa.Text, comment="why"),
        sa.PrimaryKeyConstraint("id", name="pk_dead_messages"),
    )
    op.create_index(
        "ix_dead_messages_kept",
        "dead_messages",
        ["id"],
        sqlite_where=sa.text("discarded_at is null"),
        postgresql_where=sa.text("discarded_at is null"),
    )
    op.create_table(
        "dead_message_counts",
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column(
            "count", sa.BigInteger, nullable=False, comment="since the installation exists; it only grows"
        ),
        sa.PrimaryKeyConstraint("reason", name="pk_dead_message_counts"),
    )


def downgrade() -> None:
    for table in ("dead_message_counts", "dead_messages", "secrets"):
        op.drop_table(table)
