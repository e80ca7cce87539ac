"""What a path below a collection names: a subject, what may happen to it, or one of its triggers.

An id may have slashes, and they may stand as they are; the one before a last part that is the name of a
trigger, or `possible`, is written `%2F` where it belongs to the id.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from fastapi import Request

from workflow.api.http.parameters import LONGEST_KEY

POSSIBLE = "possible"
"""Under a subject: what may happen to it now."""
LONGEST = LONGEST_KEY + 64
"""Characters of a key with a slash and the name of a trigger behind it."""


class Address(NamedTuple):
    """What a path names.

    Attributes:
        id: of the subject, its key without the lifecycle.
        last: the part behind the id, where the path goes on with one.
    """

    id: str
    last: str | None


def tail_of(request: Request, collection: str) -> str:
    """What follows the collection in the path, as it was written."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    _, _, tail = raw.partition(f"/v1/{collection}/".encode())
    return tail.decode("ascii", "replace")


def named_subject(tail: str, lifecycle: str) -> str:
    """The id that a path names, by itself or with the lifecycle before it."""
    return unquote(tail).removeprefix(f"{lifecycle}:")


def address_of(tail: str, lifecycle: str) -> Address:
    """The address, whose last part goes on behind the id where a slash stands before it."""
    before, slash, last = tail.rpartition("/")
    if not slash:
        return Address(named_subject(tail, lifecycle), None)
    return Address(named_subject(before, lifecycle), unquote(last))
