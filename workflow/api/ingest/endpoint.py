"""``POST /v1/events`` as plain ASGI: what a request costs here is paid some thousand times a second.

What it takes and answers is described in `workflow.api.routes.events`, for OpenAPI. Measured,
the framework's way (dependencies, a thread, models) cost ten times as much as all that the request is about.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope, Send

from workflow.access.keys import Keyring, Role
from workflow.api.http.bearer import bearer_text, known_key, permit
from workflow.api.http.body import read_body, size_of
from workflow.api.http.error_mapping import refusal_of
from workflow.api.http.metrics import Meters
from workflow.api.http.problems import Kind, Refusal
from workflow.api.ingest.backpressure import Backpressure
from workflow.api.ingest.cloudevents import Carried, RawHeaders, mode_of
from workflow.api.ingest.limits import RequestLimiter
from workflow.api.ingest.reception import Reception
from workflow.engine.acceptance import Acceptance

PATH = "/v1/events"
SENDERS = (Role.SYSTEM, Role.OPERATOR)


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: RawHeaders
    body: bytes


class EventsEndpoint:
    """Takes requests with events, from their head to their answer."""

    def __init__(
        self,
        keyring: Keyring,
        limiter: RequestLimiter,
        backpressure: Backpressure,
        reception: Reception,
        meters: Meters,
    ) -> None:
        self._keyring = keyring
        self._limiter = limiter
        self._backpressure = backpressure
        self._reception = reception
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        status, headers, body = await self.answer(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The response to a request. Never raises: each error has one, too."""
        try:
            answers = await self._accepted(scope["headers"], receive)
        except Exception as error:
            return self._refused(refusal_of(error))
        return self._receipt(answers)

    async def _accepted(self, raw: RawHeaders, receive: Receive) -> list[Acceptance]:
        headers = dict(reversed(raw))  # of a header that came twice the first counts
        text = bearer_text(headers.get(b"authorization"))
        key = self._keyring.recall(text) or await known_key(self._keyring, text)
        permit(key, *SENDERS)
        mode = mode_of(headers.get(b"content-type"), raw)
        size = size_of(headers.get(b"content-length"), mode.most_bytes, mode.carries)
        self._backpressure.check()
        self._limiter.enter(size)
        try:
            body = await read_body(receive, mode.most_bytes, mode.carries)
            return await self._reception.take(Carried(mode, raw, body))
        finally:
            self._limiter.leave(size)

    def _receipt(self, answers: list[Acceptance]) -> Answer:
        fresh = sum(one.status == "accepted" for one in answers)
        if fresh:
            self._meters.accepted.inc(fresh)
        if fresh != len(answers):
            self._meters.duplicate.inc(len(answers) - fresh)
        items = [
            {
                "source": one.source,
                "id": one.event_id,
                "subject": one.subject,
                "status": one.status,
                "outcome": one.outcome,
                "reason": one.reason,
            }
            for one in answers
        ]
        body = orjson.dumps({"accepted": fresh, "duplicates": len(answers) - fresh, "items": items})
        return Answer(202, _headers(body), body)

    def _refused(self, refusal: Refusal) -> Answer:
        if refusal.kind in (Kind.INVALID, Kind.MALFORMED):
            self._meters.refused.inc()
        elif refusal.kind is Kind.BUSY:
            self._meters.turned_away.labels(refusal.problems[0].rule).inc()
        response = refusal.answer()
        return Answer(response.status_code, response.raw_headers, bytes(response.body))


def _headers(body: bytes) -> RawHeaders:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
