"""An event keeps the key of the effect that it is the receipt of: it is a part of what was said.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "idempotency key of the effect that it is the receipt of"
    op.add_column("events", sa.Column("effect", sa.Text, comment=comment))
    if op.get_context().dialect.name == "postgresql":
        op.execute("comment on column events.time is 'as it said; received_at where it said none'")
