"""Passkeys of people, and the challenges that were answered with one.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", Key, nullable=False, comment="as its authenticator names it, base64url"),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, comment="what its owner calls it"),
        sa.Column("public_key", sa.Text, nullable=False, comment="a COSE key, base64url"),
        sa.Column("sign_count", sa.BigInteger, nullable=False, comment="its counter when it was used last"),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("used_at", Instant, comment="when somebody signed in by it last"),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])
    op.create_table(
        "used_challenges",
        sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of a challenge that was answered"),
        sa.Column("expires_at", Instant, nullable=False, comment="from then on it is refused for its age"),
        sa.PrimaryKeyConstraint("digest", name="pk_used_challenges"),
    )
    op.create_index("ix_used_challenges_expires_at", "used_challenges", ["expires_at"])


def downgrade() -> None:
    for name in ("used_challenges", "passkeys"):
        op.drop_table(name)
