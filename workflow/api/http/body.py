"""Bodies of requests, read as they come and never further than they may go."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from workflow.api.http.problems import Kind, Refusal

BODY_SECONDS = 30.0
"""How long a body may take: who never finishes must not keep a place for ever."""
_MOST_DIGITS = 18
"""Of a length: a longer number is too large whatever it is, and slow to read."""


def size_of(announced: bytes | None, most: int, what: str = "a body") -> int:
    """How many bytes a body has as far as its sender says (Content-Length), else the most it may have.

    Raises Refusal when that is more than `most`.

    Args:
        what: what such a body is, for the message.
    """
    size = _announced(announced)
    if size is None:
        return most
    if size > most:
        raise _too_large(most, what)
    return size


async def read_body(receive: Receive, most: int, what: str = "a body", *, announced: bytes | None) -> bytes:
    """The whole body, as long as its sender says it is.

    Raises Refusal when it has more than `most` bytes, does not come in time, or is of another length than
    `announced` (Content-Length): something between its sender and us has kept a part of it.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                whole: bytes = message.get("body", b"")
            else:
                whole = await _rest(message, receive, most, what)
    except TimeoutError:
        late = f"it must arrive within {BODY_SECONDS:g} seconds"
        raise Refusal.of(Kind.TIMEOUT, "body", "timeout", late, Connection="close") from None
    if len(whole) > most:
        raise _too_large(most, what)
    size = _announced(announced)
    if size is not None and size != len(whole):
        differs = f"says {size} bytes, and {len(whole)} came"
        raise Refusal.of(Kind.MALFORMED, "content-length", "length", differs, Connection="close")
    return whole


def _announced(length: bytes | None) -> int | None:
    """What Content-Length says; None where it says nothing."""
    if length is None or not length.isdigit():
        return None
    return int(length) if len(length) <= _MOST_DIGITS else 10**_MOST_DIGITS


async def _rest(message: Message, receive: Receive, most: int, what: str) -> bytes:
    """A body in several pieces, of which the first has come."""
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise Refusal.of(Kind.TIMEOUT, "body", "disconnected", "the sender went away")
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most, what)
        if not message.get("more_body", False):
            return bytes(body)
        message = await receive()


def _too_large(most: int, what: str) -> Refusal:
    return Refusal.of(Kind.TOO_LARGE, "body", "size", f"{what} may have {most} bytes")
