"""Events and decisions name the trace that they belong to, where there is one.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_CAUSE = "W3C's traceparent of what it came from; null: nobody traces it"
_OWN = "W3C's traceparent of the decision; null: nobody traces it"


def upgrade() -> None:
    op.add_column("events", sa.Column("traceparent", sa.Text, comment=_CAUSE))
    op.add_column("moves", sa.Column("traceparent", sa.Text, comment=_OWN))


def downgrade() -> None:
    op.drop_column("moves", "traceparent")
    op.drop_column("events", "traceparent")
