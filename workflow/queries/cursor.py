"""Cursors: where a page ended, as a text that means nothing to who carries it.

Pages go by row id, which never changes, so that rows added meanwhile shift nothing: no row comes twice
and none that was there at the first page is left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

_MARK = "after:"


def fetch_page(
    connection: Connection, statement: Select[Any], limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """The first `limit` rows of a query, and the cursor of the next page (None: that was all).

    The first column of the query is the id of the row by which it is ordered.
    """
    rows = connection.execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    return shown, _cursor_after(shown[-1][0]) if len(rows) > limit else None


def _cursor_after(row: int) -> str:
    return base64.urlsafe_b64encode(f"{_MARK}{row}".encode()).decode().rstrip("=")


def row_of(cursor: str | None) -> int:
    """The row behind which the page begins; 0 for the first page. Raises InvalidQuery."""
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        text = ""
    row = text.removeprefix(_MARK)
    if not text.startswith(_MARK) or not row.isdecimal() or len(row) > 18:
        raise InvalidQuery([Problem("query.cursor", "cursor", "is not the 'next' of an earlier page")])
    return int(row)
