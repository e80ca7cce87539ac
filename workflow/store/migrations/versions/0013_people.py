"""People who sign in, their sessions, the links by which they come, and wrong passwords.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("address", Key, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("teams", Json, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("zone", sa.Text),
        sa.Column("shortcuts", sa.Boolean, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("address", name="uq_people_address"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("address", sa.Text),
        sa.Column("browser", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table(
        "invitations",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.PrimaryKeyConstraint("digest", name="pk_invitations"),
    )
    op.create_table(
        "failed_attempts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_failed_attempts"),
    )
    op.create_index("ix_failed_attempts_last_at", "failed_attempts", ["last_at"])


def downgrade() -> None:
    for name in ("failed_attempts", "invitations", "sessions", "people"):
        op.drop_table(name)
