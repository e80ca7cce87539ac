"""A move says which team its subject is with after it.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "moves", sa.Column("team", sa.Text, comment="which its subject is with after it; null: with none")
    )


def downgrade() -> None:
    op.drop_column("moves", "team")
