"""Messages of routes that no route could map, kept to be looked at.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_WAITING = sa.text("settled_at is null")


def upgrade() -> None:
    op.create_table(
        "unmapped",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("route", Key, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("last_at", Instant, nullable=False, comment="when the same came again"),
        sa.Column("times", sa.Integer, nullable=False, comment="how often it has come"),
        sa.Column("reason", sa.Text, nullable=False, comment="a word for why it became no events"),
        sa.Column("case_name", sa.Text, comment="of the case of its route that fits, if one does"),
        sa.Column("problems", Json, nullable=False, comment="field, rule and message of each"),
        sa.Column("headers", Json, nullable=False),
        sa.Column("query", Json, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="empty once it is settled"),
        sa.Column("size", sa.BigInteger, nullable=False, comment="bytes of its body"),
        sa.Column("digest", Key, nullable=False, comment="SHA-256 of all of it"),
        sa.Column("settled_at", Instant, comment="null while it waits"),
        sa.Column("outcome", sa.Text, comment="'retried' or 'discarded'"),
        sa.Column("settled_by", sa.Text, comment="who did that"),
        sa.Column("note", sa.Text, comment="why it was discarded"),
        sa.PrimaryKeyConstraint("id", name="pk_unmapped"),
    )
    op.create_index(
        "ix_unmapped_waiting",
        "unmapped",
        ["route", "digest"],
        unique=True,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("ix_unmapped_received", "unmapped", ["received_at"])


def downgrade() -> None:
    op.drop_table("unmapped")
