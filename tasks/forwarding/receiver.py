"""One change to one receiver: signed, posted in bounded time, and what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
import httpx
import structlog
from standardwebhooks.webhooks import Webhook

from tasks.channels.guarded_network import AddressNotPermitted, GuardedClient
from tasks.channels.http_post import retry_after
from workflow.clock import Clock, monotonic
from workflow.queries.change_events import change_event
from workflow.queries.changes import Change
from workflow.queries.json_writing import json_bytes
from workflow.recovery.contact.standard_webhooks import sign
from workflow.subscriptions.subscription import message_id
from workflow.telemetry import tracing
from workflow.telemetry.trace_context import headers_of
from workflow.telemetry.tracing import Side, Span

TYPE = "application/cloudevents+json; charset=utf-8"
KEPT = 500
"""Bytes of an answer that are kept."""
_READ = 16 * 1024
"""Bytes of an answer that are read, so that the connection can be used again."""
_BODY_SHARE = 0.25
"""Of an answer's time: the status is known by then, and a body that drips would hold all that follows."""

_NO_ANSWER = (aiohttp.ClientError, httpx.InvalidURL, TimeoutError, OSError)
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "late"),
    (aiohttp.ClientConnectorDNSError, "host-not-found"),
    (aiohttp.ClientConnectorCertificateError, "certificate-not-trusted"),
    (aiohttp.ClientConnectorSSLError, "no-tls"),
    (aiohttp.ClientConnectorError, "not-connected"),
    (aiohttp.ClientResponseError, "no-http"),
    (aiohttp.ClientError, "connection-lost"),
    (OSError, "connection-lost"),
)
"""Why there was no answer; the first that fits."""

log = structlog.get_logger(__name__)


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: the HTTP status; None: none came.
        error: why none came, in a word.
        text: how the body begins.
        retry_after: seconds that the receiver asks to wait.
        milliseconds: how long it took.
    """

    status: int | None
    error: str | None
    text: str
    retry_after: float | None
    milliseconds: int

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class Receiver:
    """The receiver of one subscription."""

    def __init__(
        self, client: GuardedClient, url: str, secrets: Sequence[str], clock: Clock, seconds: float
    ) -> None:
        """Each change is signed with all `secrets`, and given up after so many real seconds."""
        self._client = client
        self._url = url
        self._signers = [Webhook(one) for one in secrets]
        self._clock = clock
        self._seconds = seconds

    async def post(self, change: Change) -> Answer:
        """Send it once: always the same bytes under the same id."""
        body = json_bytes(change_event(change))
        headers = {"content-type": TYPE, "accept-encoding": "identity", "user-agent": "makegood"}
        headers |= sign(self._signers, message_id(change), self._clock.now(), body.decode())
        span = tracing.begin("forward change", change.traceparent, Side.CLIENT)
        headers |= headers_of(span.traceparent)
        began = monotonic()
        status, error, text, pause = None, None, b"", None
        try:
            async with asyncio.timeout(self._seconds):
                async with self._client.post(self._url, body, headers) as response:
                    status, pause = response.status, retry_after(response.headers)
                    async with asyncio.timeout(self._seconds * _BODY_SHARE):
                        text = await _beginning(response)
        except Exception as fault:
            if not isinstance(fault, _NO_ANSWER):  # it counts as one failure all the same
                log.exception("an answer that cannot be read", change=message_id(change))
            if status is None:  # a body that breaks off does not change what the status said
                error = _word(fault)
        took = round((monotonic() - began) * 1000)
        answer = Answer(status, error, _shown(text), pause, took)
        _end(span, change, answer)
        return answer


def _end(span: Span, change: Change, answer: Answer) -> None:
    span.note(subject=change.subject, seq=change.seq, status=answer.status)
    if not answer.taken:
        span.fail(answer.error or f"answered {answer.status}")
    span.end()


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _READ:
            break
    return bytes(body[:KEPT])


def _shown(body: bytes) -> str:
    """As text that any database can keep."""
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")


def _word(fault: Exception) -> str:
    if isinstance(fault, aiohttp.ClientConnectorError) and isinstance(fault.os_error, AddressNotPermitted):
        return "address-not-permitted"
    return next((word for kind, word in _WORDS if isinstance(fault, kind)), type(fault).__name__)
