"""Keys in conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, false

_AFTER_SLASH = "0"
"""The character after the slash, in the order of bytes."""


def range_below(key: str) -> tuple[str, str]:
    """Between which two keys those lie that go on from this one with a slash, as idempotency keys do."""
    return f"{key}/", f"{key}{_AFTER_SLASH}"


def key_is(column: Column[Any], key: str) -> ColumnElement[bool]:
    """The condition that a column holds this key, whatever text it is.

    No key holds U+0000, and PostgreSQL would not even compare with it.
    """
    return false() if "\x00" in key else column == key


def that_may_be(keys: Iterable[str]) -> list[str]:
    """Those of some texts that could be a key at all, see `key_is`."""
    return [key for key in keys if "\x00" not in key]
