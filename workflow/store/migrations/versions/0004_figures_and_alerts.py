"""What the barometer counts, and the archive of service alerts.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json, Key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _figures()
    _alerts()
    if op.get_context().dialect.name == "postgresql":
        # Stored: where another condition narrows more than the words do, each row is looked at.
        op.execute(
            "alter table alerts add column alerts_words tsvector"
            " generated always as (to_tsvector('simple', words)) stored"
        )
        op.execute("create index ix_alerts_words on alerts using gin (alerts_words)")
        # Rows of subjects that live change in place, and room on their page keeps them there.
        op.execute("alter table figures set (fillfactor = 80, autovacuum_vacuum_cost_delay = 0)")
    else:
        op.execute(
            "create virtual table alerts_words using fts5 (words, content = 'alerts', content_rowid = 'id',"
            " prefix = '3')"
        )


def _figures() -> None:
    op.create_table(
        "figures",
        sa.Column("subject_id", _ID, autoincrement=False, nullable=False),
        sa.Column("lifecycle", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False, comment="the instant by which a period counts it"),
        sa.Column("outcome", Key, nullable=False, comment="how it stands, in one word"),
        *(sa.Column(name, Key, nullable=True) for name in ("kind", "team", "cause", "part", "channel")),
        sa.Column("case_key", Key, nullable=True, comment="key of the case that it belongs to"),
        sa.Column("minutes", sa.Integer(), nullable=True, comment="from its opening until it was settled"),
        sa.Column(
            "count", sa.Integer(), nullable=True, comment="what its lifecycle counts, such as hand-overs"
        ),
        sa.PrimaryKeyConstraint("subject_id", name="pk_figures"),
    )
    op.create_index("ix_figures_lifecycle_at", "figures", ["lifecycle", "at", "subject_id"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_key", Key, nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="from 1; documented again, the old one stays"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the case's decision that asked for it"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cause", Key, nullable=True),
        sa.Column("part", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False, comment="when the case was documented"),
        sa.Column("document", Json(), nullable=False, comment="all that it says"),
        sa.Column("markdown", sa.Text(), nullable=False, comment="the same, written"),
        sa.Column("words", sa.Text(), nullable=False, comment="its words, plain letters: what is searched"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("case_key", "version", name="uq_alerts_case_key_version"),
        sa.UniqueConstraint("case_key", "seq", name="uq_alerts_case_key_seq"),
    )
    op.create_index("ix_alerts_at", "alerts", ["at"])
