"""Service alerts keep what they say as data alone; their Markdown is written for whoever reads them.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("alerts", "markdown")


def downgrade() -> None:
    """What alerts written until now say stays in `document`; their Markdown is left empty."""
    op.add_column(
        "alerts",
        sa.Column("markdown", sa.Text(), nullable=False, server_default="", comment="the same, written"),
    )
