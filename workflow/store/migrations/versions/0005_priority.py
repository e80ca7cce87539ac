"""Which effects go first is called their priority.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_outbox_urgency_due_at", "outbox")
    op.execute("alter table outbox rename column urgency to priority")
    op.create_index(
        "ix_outbox_priority_due_at",
        "outbox",
        ["priority", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("comment on column outbox.priority is 'a Priority: the lowest goes first'")
