"""Subscriptions to changes, what is held for them, and the attempts at it.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("wanted", Json, nullable=False, comment="which changes, by the fields of a filter"),
        sa.Column("condition", sa.Text, comment="CEL over `change`, which must hold as well"),
        sa.Column("secret", sa.Text, nullable=False, comment="whsec_…: what goes out is signed with it"),
        sa.Column("former_secret", sa.Text, comment="what goes out is signed with this one, too"),
        sa.Column("former_until", Instant, comment="for so long"),
        sa.Column(
            "status", sa.Text, nullable=False, comment="active, paused by hand, or disabled by failure"
        ),
        sa.Column("reason", sa.Text, comment="why it is disabled"),
        sa.Column(
            "position", _ID, nullable=False, comment="the move up to which all is delivered, or is held"
        ),
        sa.Column("due_at", Instant, nullable=False, comment="nothing goes out before"),
        sa.Column("retry_at", Instant, comment="when something that is held is due again"),
        sa.Column("failures", sa.Integer, nullable=False, comment="turns in a row in which nothing arrived"),
        sa.Column("token", sa.Text, comment="of the turn that is under way"),
        sa.Column("lease_until", Instant, comment="how long that one has it to itself"),
        sa.Column("delivered_at", Instant, comment="when something arrived last"),
        sa.Column("told_at", Instant, comment="when a person was told that it is disabled"),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    active = sa.text("status = 'active'")
    op.create_index(
        "ix_subscriptions_active", "subscriptions", ["due_at"], sqlite_where=active, postgresql_where=active
    )
    op.create_table(
        "held_changes",
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("move_id", _ID, nullable=False, autoincrement=False),
        sa.Column("subject", Key, nullable=False, comment="whose later changes wait behind it"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failing_since", Instant, comment="when it first failed to arrive; null: not tried yet"),
        sa.Column("due_at", Instant, nullable=False, comment="it is not tried before"),
        sa.PrimaryKeyConstraint("subscription_id", "move_id", name="pk_held_changes"),
    )
    op.create_table(
        "forward_attempts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("move_id", _ID, nullable=False),
        sa.Column("change", sa.Text, nullable=False, comment="the id of the change"),
        sa.Column("number", sa.Integer, nullable=False, comment="which attempt at it, from 1"),
        sa.Column("at", Instant, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False, comment="until it was answered, or given up"),
        sa.Column("status", sa.Integer, comment="of the answer; null: there was none"),
        sa.Column("error", sa.Text, comment="why there was none"),
        sa.Column("answer", sa.Text, nullable=False, comment="how its body begins"),
    )
    op.create_index("ix_forward_attempts_subscription_id_id", "forward_attempts", ["subscription_id", "id"])
    op.create_index("ix_forward_attempts_at", "forward_attempts", ["at"])


def downgrade() -> None:
    for name in ("forward_attempts", "held_changes", "subscriptions"):
        op.drop_table(name)
