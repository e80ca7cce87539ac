"""Whether a store has run in earnest or is a sandbox's; how its clock was moved.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purpose",
        sa.Column(
            "id",
            sa.SmallInteger,
            autoincrement=False,
            nullable=False,
            comment="always 1: there is one row",
        ),
        sa.Column(
            "kind", sa.Text, nullable=False, comment="'earnest' or 'sandbox': whose clock it has run on"
        ),
        sa.Column("since", Instant, nullable=False, comment="real time"),
        sa.Column(
            "stands_at", Instant, comment="of a sandbox: where its clock stands, or is just being moved to"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purpose"),
    )
    # Whatever has run before this revision was opened by a process that registered its definitions.
    op.execute(
        "insert into purpose (id, kind, since)"
        " select 1, 'earnest', min(registered_at) from definitions having count(*) > 0"
    )
    op.create_table(
        "advances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("status", sa.Text, nullable=False, comment="'advancing', 'ready' or 'halted'"),
        sa.Column("begins_at", Instant, nullable=False, comment="where the clock stood"),
        sa.Column("target", Instant, nullable=False, comment="where it is to stand"),
        sa.Column(
            "stops", sa.Integer, nullable=False, comment="instants on the way at which something was due"
        ),
        sa.Column("leaves_tasks", sa.Boolean, nullable=False, comment="those of others are not waited for"),
        sa.Column("reason", sa.Text, comment="why it was halted"),
        sa.Column("asked_by", sa.Text, nullable=False, comment="who asked for it"),
        sa.PrimaryKeyConstraint("id", name="pk_advances"),
    )
    op.create_index(
        "ix_advances_under_way",
        "advances",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'advancing'"),
        postgresql_where=sa.text("status = 'advancing'"),
    )


def downgrade() -> None:
    for table in ("advances", "purpose"):
        op.drop_table(table)
