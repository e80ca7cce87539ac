"""Bodies of requests are read no further than they may go, in however many pieces they come."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from workflow.api.http.body import read_body
from workflow.api.http.problems import Kind, Refusal


def read(*pieces: bytes, most: int) -> bytes:
    """A body that comes in these pieces."""
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return asyncio.run(read_body(receive, most, announced=None))


@pytest.mark.parametrize("pieces", [[b"12345678"], [b"1234", b"5678"], [b"", b"12345678", b""]])
def test_a_body_may_be_as_long_as_it_may_and_no_longer(pieces: list[bytes]) -> None:
    """Who does not announce a length can send what they like."""
    assert read(*pieces, most=8) == b"12345678"
    with pytest.raises(Refusal) as refused:
        read(*pieces, most=7)
    assert refused.value.kind is Kind.TOO_LARGE


def test_of_a_body_that_is_too_long_no_more_is_read() -> None:
    with pytest.raises(Refusal):
        read(b"1234", b"5678", b"9", most=5)
