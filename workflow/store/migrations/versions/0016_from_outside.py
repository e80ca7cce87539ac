"""An index of the events that came from outside: they are decided before what our own decisions led to.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_FROM_OUTSIDE = sa.text("dead_at is null and hops is null")


def upgrade() -> None:
    op.create_index(
        "ix_inbox_from_outside",
        "inbox",
        ["event_id"],
        sqlite_where=_FROM_OUTSIDE,
        postgresql_where=_FROM_OUTSIDE,
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_from_outside", "inbox")
