"""Bells: browsers that are told, while no page is open there, that somebody waits.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bells",
        sa.Column("id", Key, nullable=False, comment="of the subject `bell:<id>`, too"),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False, comment="with which it was asked for, or used last"),
        sa.Column("endpoint", sa.Text, comment="where its push service takes messages; null once it is off"),
        sa.Column("endpoint_digest", sa.Text, comment="SHA-256 of it: of a browser there is one"),
        sa.Column("public_key", sa.Text, comment="the browser's, a point of P-256, base64url"),
        sa.Column("auth", sa.Text, comment="the secret that it shares with us (RFC 8291), base64url"),
        sa.Column(
            "server_key", sa.Text, nullable=False, comment="our public key for which it was asked, base64url"
        ),
        sa.Column("browser", sa.Text, comment="what the browser said it is"),
        sa.Column("quiet_from", sa.Text, comment="in these hours it keeps quiet, such as 20:00"),
        sa.Column("quiet_to", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False, comment="when its browser last said that it wants it"),
        sa.Column("taken_at", Instant, comment="when its push service last took a message"),
        sa.Column("heard", Json, nullable=False, comment="who waits and was acknowledged, or waited before"),
        sa.Column(
            "told", sa.Boolean, nullable=False, comment="whether its subject was told that somebody waits"
        ),
        sa.Column(
            "version",
            sa.BigInteger,
            nullable=False,
            comment="how often it was written: names what its subject is told",
        ),
        sa.Column(
            "ended_at", Instant, comment="when it was switched off; its subject hears of it, and it is gone"
        ),
        sa.Column("reason", sa.Text, comment="why"),
        sa.PrimaryKeyConstraint("id", name="pk_bells"),
        sa.UniqueConstraint("endpoint_digest", name="uq_bells_endpoint_digest"),
    )
    op.create_index("ix_bells_person_id", "bells", ["person_id"])
    op.create_index("ix_bells_session_id", "bells", ["session_id"])


def downgrade() -> None:
    op.drop_table("bells")
