"""A request's target is text: what of it is not UTF-8 is refused by name, and never read as something else.

The framework puts U+FFFD for bytes that it cannot read, and takes those that came as they are for Latin-1:
somebody would look for a name that nobody typed, and find nobody. Source: RFC 3986, 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

_ENCODED = "must be UTF-8, each byte beyond ASCII written as %XX"


def refuse_broken_text(scope: Scope) -> None:
    """Raise InvalidQuery for a path or a parameter that is not UTF-8, or not encoded as targets are."""
    problems = [*_path(scope.get("raw_path") or b""), *_query(scope["query_string"])]
    if problems:
        raise InvalidQuery(problems)


def _path(path: bytes) -> Iterator[Problem]:
    if not _is_text(path):
        yield Problem("path", "utf-8", _ENCODED)


def _query(query: bytes) -> Iterator[Problem]:
    if _is_text(query):
        return
    wrong = (one.partition(b"=")[0] for one in query.split(b"&") if not _is_text(one))
    for name in dict.fromkeys(wrong):
        shown = unquote_to_bytes(name).decode("utf-8", "replace")
        yield Problem(f"query.{shown}", "utf-8", _ENCODED)


def _is_text(encoded: bytes) -> bool:
    if not encoded.isascii():
        return False
    if b"%" not in encoded:
        return True
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True
