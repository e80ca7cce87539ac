"""Keys in conditions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, false


def key_is(column: Column[Any], key: str) -> ColumnElement[bool]:
    """The condition that a column holds this key, whatever text it is.

    No key holds U+0000, and PostgreSQL would not even compare with it.
    """
    return false() if "\x00" in key else column == key
