"""Contacts: who was written to and when, and what waits for its turn; for frequency caps and digests.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column(
            "effect_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="the notice; of several that went as one, the first",
        ),
        sa.Column("customer", Key, nullable=False, comment="key of the customer's subject"),
        sa.Column(
            "waits", sa.Boolean(), nullable=False, comment="it has not gone out yet, and may join others"
        ),
        sa.Column("at", Instant(), nullable=False, comment="when it went, or when it was told to wait"),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_customer_at", "contacts", ["customer", "waits", "at"])


def downgrade() -> None:
    op.drop_table("contacts")
