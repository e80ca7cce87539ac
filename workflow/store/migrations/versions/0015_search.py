"""Subjects found by what they are known by, and chosen by whose they are and how they stand.

The tables begin empty: `workflow.search.filling` puts the subjects into them that are there, some at a time.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.columns import Instant, Key, Terms

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _standing()
    op.create_table(
        "search_terms",
        sa.Column("subject_id", _ID, autoincrement=False, nullable=False),
        sa.Column("terms", Terms, nullable=False, comment="all by which it is found"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_search_terms"),
    )
    op.create_table(
        "word_variants",
        sa.Column(
            "variant", Key, nullable=False, comment="the word, or what it is without one of its letters"
        ),
        sa.Column("word", Key, nullable=False),
        sa.PrimaryKeyConstraint("variant", "word", name="pk_word_variants"),
    )
    _filling()
    if op.get_context().dialect.name == "postgresql":
        # Without a list of what is pending, which every search would read from end to end.
        op.execute("create index ix_search_terms on search_terms using gin (terms) with (fastupdate = off)")
        op.execute("alter table standing set (fillfactor = 80, autovacuum_vacuum_cost_delay = 0)")
        # By words that many subjects have, the planner must know that there are many.
        op.execute("alter table search_terms alter column terms set statistics 1000")
    else:
        _full_text()


def _standing() -> None:
    op.create_table(
        "standing",
        sa.Column("subject_id", _ID, autoincrement=False, nullable=False),
        sa.Column("lifecycle", Key, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False, comment="it is in no final state"),
        sa.Column("owner", Key, nullable=True, comment="who answers for it, in small letters"),
        sa.Column("team", Key, nullable=True),
        sa.Column("due_at", Instant(), nullable=True, comment="null once it has ended"),
        sa.Column("at_risk", sa.Boolean(), nullable=False, comment="it says so itself, and has not ended"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_standing"),
    )
    op.create_index("ix_standing_state", "standing", ["lifecycle", "state", "subject_id"])
    for name in ("owner", "team", "due_at"):
        there = sa.text(f"{name} is not null")
        op.create_index(
            f"ix_standing_{name}",
            "standing",
            [name, "subject_id"],
            sqlite_where=there,
            postgresql_where=there,
        )
    risky = sa.text("at_risk")
    op.create_index(
        "ix_standing_at_risk", "standing", ["subject_id"], sqlite_where=risky, postgresql_where=risky
    )


def _filling() -> None:
    filling = op.create_table(
        "search_filling",
        sa.Column(
            "id", sa.SmallInteger, autoincrement=False, nullable=False, comment="always 1: there is one row"
        ),
        sa.Column("form", sa.Integer, nullable=False, comment="of the terms that are being put in"),
        sa.Column("last", sa.BigInteger, nullable=False, comment="row of the last subject that was put in"),
        sa.Column(
            "until", sa.BigInteger, nullable=False, comment="row of the last subject there was when it began"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_search_filling"),
    )
    assert filling is not None
    until = op.get_bind().scalar(sa.text("select max(id) from subjects")) or 0
    op.get_bind().execute(filling.insert(), {"id": 1, "form": 1, "last": 0, "until": until})


def _full_text() -> None:
    op.execute(
        "create virtual table search_terms_index using fts5 (terms, content = 'search_terms',"
        " content_rowid = 'subject_id', detail = 'none', columnsize = 0, tokenize = 'ascii')"
    )
    index = "insert into search_terms_index"
    gone = f"{index} (search_terms_index, rowid, terms) values ('delete', old.subject_id, old.terms);"
    come = f"{index} (rowid, terms) values (new.subject_id, new.terms);"
    op.execute(f"create trigger search_terms_come after insert on search_terms begin {come} end")
    op.execute(f"create trigger search_terms_go after delete on search_terms begin {gone} end")
    op.execute(f"create trigger search_terms_change after update on search_terms begin {gone} {come} end")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("drop table search_terms_index")
    for name in ("search_filling", "word_variants", "search_terms", "standing"):
        op.drop_table(name)
