"""Cursors: where a page ended, as a text that means nothing to who carries it.

Pages go by row id, which never changes, so that rows added meanwhile shift nothing: no row comes twice
and none that was there at the first page is left out.
"""

from __future__ import annotations

import base64
import binascii

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

_MARK = "after:"


def cursor_after(row: int) -> str:
    """The cursor of the page that begins behind this row."""
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
