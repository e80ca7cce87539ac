"""Who looks at a subject at the moment.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("subject", sa.Text, primary_key=True, comment="its key"),
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("since", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False, comment="when their browser last said so"),
    )
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"])


def downgrade() -> None:
    op.drop_table("presence")
