"""An event keeps who sent it; a key belongs to a principal with bounds; acts and refusals are recorded.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column(
        "events", sa.Column("actor", sa.Text, comment="who sent it; null: makegood itself, or not known")
    )
    for name, kind, comment in (
        ("expires_at", Instant, "from when it permits nothing; null: it does not end by itself"),
        ("person", sa.Text, "whose it is: an address; null: a system's"),
        ("bounds", Json, "what it is limited to: sources, sends, reads, teams, authorities"),
        ("replaces", sa.Text, "the public part of the key that it was made to replace"),
    ):
        op.add_column("keys", sa.Column(name, kind, comment=comment))
    op.create_table(
        "audit",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.Text, comment="who: system:<name>, person:<address>; null: nobody known"),
        sa.Column("key", sa.Text, comment="the public part of the key"),
        sa.Column("action", sa.Text, nullable=False, comment="a method and a route, or a command"),
        sa.Column("target", sa.Text, comment="what it was about: a subject's key, an id"),
        sa.Column("outcome", sa.Text, nullable=False, comment="done or refused"),
        sa.Column("reason", sa.Text, comment="the rule by which it was refused"),
        sa.Column("address", sa.Text, comment="from where, as the server saw it"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_actor_id", "audit", ["actor", "id"])
    op.create_index("ix_audit_target_id", "audit", ["target", "id"])
