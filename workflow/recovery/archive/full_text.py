"""The two databases' own full-text indexes over the archive: FTS5 on SQLite, tsvector on PostgreSQL.

Both are given the words of `words`, which they take as they are, and find beginnings of them.
Source: SQLite, "FTS5 Extension", 3 (phrases, prefix queries) and 4.4.3 (external content tables);
PostgreSQL 18, 12.3.2 (``to_tsquery``, prefix matching).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, column, func, literal_column, select, table, text

from workflow.store.schema import alerts

_INDEX = table("alerts_words", column("rowid"))
_VECTOR: ColumnElement[str] = literal_column("alerts.alerts_words")
"""What PostgreSQL makes of `alerts.words` by itself."""
_SIMPLE: ColumnElement[str] = literal_column("'simple'")
"""PostgreSQL's configuration that changes nothing, as in the vector."""


def matches(dialect: str, asked: Sequence[str]) -> ColumnElement[bool]:
    """The condition that an alert has, for each of these words, one that begins with it."""
    if dialect == "postgresql":
        query = func.to_tsquery(_SIMPLE, " & ".join(f"'{word}':*" for word in asked))
        return _VECTOR.op("@@", is_comparison=True)(query)
    query_text = " AND ".join(f'"{word}"*' for word in asked)
    found = text("alerts_words match :asked").bindparams(asked=query_text)
    return alerts.c.id.in_(select(_INDEX.c.rowid).where(found))


def add(connection: Connection, words: Sequence[tuple[int, str]]) -> None:
    """Put new alerts into the index, (id, words), in the transaction that adds their rows.

    PostgreSQL does so by itself.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(
            text("insert into alerts_words (rowid, words) values (:alert, :words)"),
            [{"alert": alert, "words": said} for alert, said in words],
        )
