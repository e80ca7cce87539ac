"""Bodies of requests, read as they come and never further than they may go."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from workflow.api.http.problems import Kind, Refusal

BODY_SECONDS = 30.0
"""How long a body may take: who never finishes must not keep a place for ever."""


def size_of(announced: bytes | None, most: int, what: str = "a body") -> int:
    """How many bytes a body has as far as its sender says (Content-Length), else the most it may have.

    Raises Refusal when that is more than `most`.

    Args:
        what: what such a body is, for the message.
    """
    if announced is None or not announced.isdigit():
        return most
    if int(announced) > most:
        raise _too_large(most, what)
    return int(announced)


async def read_body(receive: Receive, most: int, what: str = "a body") -> bytes:
    """The whole body. Raises Refusal when it has more than `most` bytes, or does not come in time."""
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
    return whole


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
