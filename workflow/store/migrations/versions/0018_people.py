"""People who sign in, their sessions, the links by which they come, and wrong passwords.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column(
            "address", Key, nullable=False, comment="of mail, in its one spelling: by it they are known"
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", Json, nullable=False, comment="agent, supervisor, operator, admin: one at least"),
        sa.Column("teams", Json, nullable=False, comment="whose line they see; none: everybody's"),
        sa.Column("language", sa.Text, comment="in which pages speak to them; null: as their browser asks"),
        sa.Column("zone", sa.Text, comment="by whose clock they read times; null: that of the house"),
        sa.Column(
            "shortcuts", sa.Boolean, nullable=False, comment="whether single keys do something on their pages"
        ),
        sa.Column("password", sa.Text, comment="an Argon2id hash; null: none was chosen yet"),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant, comment="since when they may not sign in"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("address", name="uq_people_address"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, nullable=False, comment="names it where it is listed and in the audit log"),
        sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of the token in the browser's cookie"),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False, comment="last used, to the minute"),
        sa.Column("expires_at", Instant, nullable=False, comment="however often it is used"),
        sa.Column("ended_at", Instant, comment="when somebody ended it"),
        sa.Column("address", sa.Text, comment="from where they signed in, as the server saw it"),
        sa.Column("browser", sa.Text, comment="what the browser said it is"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table(
        "invitations",
        sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column(
            "person_id", sa.Text, comment="who may choose a password by it; null: whoever sets this house up"
        ),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant, comment="when it was used, or taken back: it opens nothing any more"),
        sa.PrimaryKeyConstraint("digest", name="pk_invitations"),
    )
    op.create_table(
        "failed_attempts",
        sa.Column("name", sa.Text, nullable=False, comment="SHA-256 of the address with which it was tried"),
        sa.Column("count", sa.Integer, nullable=False, comment="wrong passwords in a row"),
        sa.Column("last_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_failed_attempts"),
    )
    op.create_index("ix_failed_attempts_last_at", "failed_attempts", ["last_at"])


def downgrade() -> None:
    for name in ("failed_attempts", "invitations", "sessions", "people"):
        op.drop_table(name)
