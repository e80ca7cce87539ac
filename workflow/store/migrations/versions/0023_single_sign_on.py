"""Whom an identity provider knows people by, and sign-ins that are under way there.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", Key, nullable=False, comment="the identity provider, by its address"),
        sa.Column("subject", Key, nullable=False, comment="by what it knows this person, for ever"),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column(
            "is_mapped", sa.Boolean, nullable=False, comment="whether it made them, and says their roles"
        ),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        sa.UniqueConstraint("issuer", "person_id", name="uq_identities_issuer_person_id"),
    )
    op.create_table(
        "sign_ons",
        sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of the state that comes back"),
        sa.Column("browser", sa.Text, nullable=False, comment="SHA-256 of what this browser's cookie holds"),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("verifier", sa.Text, nullable=False, comment="of PKCE (RFC 7636)"),
        sa.Column("path", sa.Text, nullable=False, comment="where they are led then"),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ons"),
    )
    op.create_index("ix_sign_ons_expires_at", "sign_ons", ["expires_at"])


def downgrade() -> None:
    for name in ("sign_ons", "identities"):
        op.drop_table(name)
