"""Cursors: where a page ended, as a text that means nothing to who carries it.

Pages go by row id, which never changes, so that rows added meanwhile shift nothing: no row comes twice
and none that was there at the first page is left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

MOST_BYTES = 8 * 1024 * 1024
"""Of a page, about, as JSON."""
_AT_ONCE = 20
"""Rows that are read at once: each may have megabytes."""
_MARK = "after:"


def fetch_page(
    connection: Connection, statement: Select[Any], limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """The first `limit` rows of a query, and the cursor of the next page (None: that was all).

    Fewer where they are large: a page ends once it has `MOST_BYTES`, with one row at least. The first column
    of the query is the id of the row by which it is ordered.
    """
    shown, cut = fetch_rows(connection, statement, limit)
    return shown, cursor_after(shown[-1][0]) if cut else None


def fetch_rows(connection: Connection, statement: Select[Any], limit: int) -> tuple[Sequence[Row[Any]], bool]:
    """The same rows, and whether there are more."""
    shown: list[Row[Any]] = []
    size = 0
    with connection.execute(statement.limit(limit + 1), execution_options={"yield_per": _AT_ONCE}) as rows:
        for row in rows:
            if len(shown) == limit or size >= MOST_BYTES:
                return shown, True
            shown.append(row)
            size += _size(row)
    return shown, False


def _size(row: Row[Any]) -> int:
    try:
        return len(orjson.dumps(tuple(row), default=str))
    except TypeError:  # an integer over 64 bits
        return len(str(row))


def cursor_after(*rows: int) -> str:
    """The cursor of the page that begins behind these rows, one of each list that the pages go through."""
    return base64.urlsafe_b64encode(f"{_MARK}{'.'.join(map(str, rows))}".encode()).decode().rstrip("=")


def row_of(cursor: str | None) -> int:
    """The row behind which the page begins; 0 for the first page. Raises InvalidQuery."""
    (row,) = rows_of(cursor, 1)
    return row


def rows_of(cursor: str | None, lists: int) -> tuple[int, ...]:
    """The same for pages that go through so many lists, one after another: a row of each."""
    if cursor is None:
        return (0,) * lists
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        text = ""
    rows = text.removeprefix(_MARK).split(".")
    fit = len(rows) == lists and all(row.isdecimal() and len(row) <= 18 for row in rows)
    if not text.startswith(_MARK) or not fit:
        raise InvalidQuery([Problem("query.cursor", "cursor", "is not the 'next' of an earlier page")])
    return tuple(map(int, rows))
