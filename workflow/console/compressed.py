"""What is sent compressed, to browsers that take it so: pages and assets."""

from __future__ import annotations

import gzip
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from workflow.api.http.negotiation import accepts_coding

Answer = TypeVar("Answer", bound=Response)
_CODING = "gzip"
_LEAST = 1_000
"""Bytes of what is worth the while."""
_EFFORT = 5
"""Of nine: what comes after it costs more than it saves."""


def compressed(request: Request, answer: Answer, body: bytes | None = None) -> Answer:
    """The answer, compressed where its reader takes that; `body` is its body compressed already."""
    whole = bytes(answer.body)
    if len(whole) < _LEAST:
        return answer
    answer.headers["Vary"] = "Accept-Encoding"
    if accepts_coding(request.headers.get("accept-encoding"), _CODING):
        answer.body = body if body is not None else gzip.compress(whole, _EFFORT, mtime=0)
        answer.headers["Content-Encoding"] = _CODING
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer
