"""The spine: definitions, the ledger, what is pending, the outbox, keys.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definitions",
        sa.Column("lifecycle", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the source: a version never changes"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="the YAML text"),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("lifecycle", "version", name=op.f("pk_definitions")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "event_id", sa.Text(), nullable=False, comment="the CloudEvent's id, unique within its source"
        ),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column(
            "parent", sa.Text(), nullable=True, comment="for an opening event, the new subject's parent"
        ),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_events_source_event_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_subject_id_id", ["subject_id", "id"], unique=False)

    op.create_table(
        "inbox",
        sa.Column(
            "event_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "dead_at", Instant(), nullable=True, comment="set when its decision failed; retried by hand"
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False, comment="the public part of the key"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the secret part"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_table(
        "moves",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "event_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="the event that caused it, or null: a timer did",
        ),
        sa.Column("timer", sa.Text(), nullable=True),
        sa.Column("setting", sa.Integer(), nullable=True, comment="which setting of that timer"),
        sa.Column(
            "due_at", Instant(), nullable=True, comment="when that timer was due: at - due_at is its lateness"
        ),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, comment="the definition version that decided"),
        sa.Column("at", Instant(), nullable=False, comment="the decision's now"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
        sa.UniqueConstraint("subject_id", "seq", name=op.f("uq_moves_subject_id_seq")),
    )
    with op.batch_alter_table("moves", schema=None) as batch_op:
        batch_op.create_index(
            "ix_moves_event_id",
            ["event_id"],
            unique=False,
            sqlite_where=sa.text("event_id IS NOT NULL"),
            postgresql_where=sa.text("event_id IS NOT NULL"),
        )

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="idempotency key: <subject>/<seq>/<n>"),
        sa.Column("kind", sa.Text(), nullable=False, comment="'task' or 'notice'"),
        sa.Column("target", sa.Text(), nullable=False, comment="the Celery task's name, or the channel"),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="an EffectState"),
        sa.Column(
            "due_at",
            Instant(),
            nullable=True,
            comment="when the relay must look again; null when settled, dead or unknown",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "token",
            sa.Text(),
            nullable=True,
            comment="dispatch token of the last relay: an older message is a no-op",
        ),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("receipt", Json(), nullable=True, comment="what the other side answered"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_open",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('dead', 'unknown')"),
            postgresql_where=sa.text("state IN ('dead', 'unknown')"),
        )
        batch_op.create_index("ix_outbox_subject_id", ["subject_id"], unique=False)

    op.create_table(
        "subjects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lifecycle", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="'initial' until an event opens it"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="decisions taken about it"),
        sa.Column("data", Json(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True, comment="key of the subject that opened it"),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sa.UniqueConstraint("key", name=op.f("uq_subjects_key")),
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index("ix_subjects_lifecycle_state_id", ["lifecycle", "state", "id"], unique=False)
        batch_op.create_index(
            "ix_subjects_parent",
            ["parent"],
            unique=False,
            sqlite_where=sa.text("parent IS NOT NULL"),
            postgresql_where=sa.text("parent IS NOT NULL"),
        )

    op.create_table(
        "timers",
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("setting", sa.Integer(), nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True, comment="null while it is paused, and when it is dead"),
        sa.Column("budget", sa.BigInteger(), nullable=True, comment="microseconds, of timers that can pause"),
        sa.Column("pauses", Json(), nullable=True, comment="[[from, to], ...] RFC 3339"),
        sa.Column(
            "dead_at", Instant(), nullable=True, comment="set when its decision failed; retried by hand"
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "name", name=op.f("pk_timers")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_timers_due_at",
            ["due_at", "subject_id", "name"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
    for table in ("inbox", "timers"):
        op.create_index(
            f"ix_{table}_dead_at",
            table,
            ["dead_at"],
            sqlite_where=sa.text("dead_at IS NOT NULL"),
            postgresql_where=sa.text("dead_at IS NOT NULL"),
        )
    op.create_index(
        "ix_inbox_subject_id",
        "inbox",
        ["subject_id"],
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("keys", "outbox", "timers", "moves", "inbox", "events", "subjects", "definitions"):
        op.drop_table(table)
