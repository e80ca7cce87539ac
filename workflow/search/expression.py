"""What is asked of the index of terms, as each database's own index takes it.

Source: SQLite, "FTS5 Extension", 3 (strings, prefix queries, boolean operators) and 4.6 (detail=none);
PostgreSQL 18, 8.11.2 (tsquery: lexemes in quotes are taken as they are, ``:*`` finds beginnings).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Term(NamedTuple):
    """A term, or every one that begins so."""

    text: str
    begins: bool = False


class AllOf(NamedTuple):
    """All of these; there is one at least."""

    parts: tuple[Expression, ...]


class AnyOf(NamedTuple):
    """One of these at least."""

    parts: tuple[Expression, ...]


class Without(NamedTuple):
    """The first and not the second."""

    wanted: Expression
    unwanted: Expression


Expression = Term | AllOf | AnyOf | Without


def any_of(parts: Iterable[Expression]) -> Expression:
    """One of these at least, of which there is one at least."""
    found = tuple(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else AnyOf(found)


def all_of(parts: Iterable[Expression]) -> Expression:
    """All of these, of which there is one at least."""
    found = tuple(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else AllOf(found)


def without(wanted: Expression, *unwanted: Expression | None) -> Expression:
    """The first and none of the others that there are, of which there is one at least."""
    return Without(wanted, any_of(one for one in unwanted if one is not None))


def text_of(expression: Expression, dialect: str) -> str:
    """For ``match`` of FTS5, or as a ``tsquery``. Terms are letters and digits alone."""
    words = _TSQUERY if dialect == "postgresql" else _FTS5
    match expression:
        case Term(text, begins):
            return f"{words.quote}{text}{words.quote}{words.begins if begins else ''}"
        case AllOf(parts):
            return words.both.join(f"({text_of(one, dialect)})" for one in parts)
        case AnyOf(parts):
            return words.either.join(f"({text_of(one, dialect)})" for one in parts)
        case Without(wanted, unwanted):
            return f"({text_of(wanted, dialect)}){words.without}({text_of(unwanted, dialect)})"


class _Words(NamedTuple):
    quote: str
    begins: str
    both: str
    either: str
    without: str


_TSQUERY = _Words("'", ":*", " & ", " | ", " & !")
_FTS5 = _Words('"', " *", " AND ", " OR ", " NOT ")
