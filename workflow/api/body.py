"""Bodies of requests, read as they come and never further than they may go."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from workflow.api.problems import Kind, Refusal

BODY_SECONDS = 30.0
"""How long a body may take: who never finishes must not keep a place for ever."""


async def read_body(request: Request, most: int, what: str = "a body") -> bytes:
    """The whole body. Raises Refusal when it has more than `most` bytes, or does not come in time.

    Args:
        what: what such a body is, for the message.
    """
    too_large = Refusal.of(Kind.TOO_LARGE, "body", "size", f"{what} may have {most} bytes")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        message = f"it must arrive within {BODY_SECONDS:g} seconds"
        raise Refusal.of(Kind.TIMEOUT, "body", "timeout", message, Connection="close") from None
    except ClientDisconnect:
        raise Refusal.of(Kind.TIMEOUT, "body", "disconnected", "the sender went away") from None
    return bytes(body)
