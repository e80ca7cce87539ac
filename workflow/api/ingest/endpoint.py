"""``POST /v1/events`` as plain ASGI: what a request costs here is paid some thousand times a second.

What it takes and answers is described in `workflow.api.routes.events`, for OpenAPI. Measured, the framework's
way (dependencies, a thread, models) cost ten times as much as parsing, checking and answering together.

A small request is parsed and checked in the event loop: that takes some ten microseconds, less than handing
it to a thread. A large batch goes to a thread whole, and has a commit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from state_machines.errors import Problem
from workflow.access.audit import AuditLog
from workflow.access.keyring import Keyring
from workflow.access.principal import Principal
from workflow.access.role import SENDING
from workflow.api.http.accountability import entry_of, remember_holder, remember_rule
from workflow.api.http.bearer import bearer_text, known_key, permit
from workflow.api.http.body import read_body, size_of
from workflow.api.http.error_mapping import refusal_of
from workflow.api.http.key_bounds import KeyBounds
from workflow.api.http.known_parameters import refuse_parameters
from workflow.api.http.metrics import Meters
from workflow.api.http.prefer import applied, wait_of
from workflow.api.http.problems import Kind, Refusal, busy
from workflow.api.http.target_text import refuse_broken_text
from workflow.api.ingest.backpressure import Backpressure
from workflow.api.ingest.cloudevents import Carried, Mode, RawHeaders, events_of, mode_of, named
from workflow.api.ingest.decision_watch import DecisionWatch
from workflow.api.ingest.limits import Limits, RequestLimiter
from workflow.api.ingest.turned_away import TurnedAway, remember_events
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.group_commit import GroupCommit, OnCommit
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent, NotPermitted

PATH = "/v1/events"
LARGE_BYTES = 32 * 1024
"""A longer body would keep the event loop for milliseconds."""
CROWDED = 1_000
"""Objects and lists in a body; more of them would do the same in a short one."""


class RawResponse(NamedTuple):
    """A response."""

    status: int
    headers: RawHeaders
    body: bytes


_BROKEN = frozenset({Kind.INVALID, Kind.MALFORMED, Kind.OTHER_EVENT})
"""What is said of events that break a rule."""


class EventsEndpoint:
    """Answers requests with events: reads, checks and commits them. `close` it at the end.

    Args:
        runtime: the engine that accepts, its store and its clock.
        on_commit: is called after each commit, with some keys of subjects that got new events.
    """

    def __init__(
        self,
        runtime: Runtime,
        keyring: Keyring,
        key_bounds: KeyBounds,
        limits: Limits,
        backpressure: Backpressure,
        meters: Meters,
        audit: AuditLog,
        on_commit: OnCommit,
    ) -> None:
        self._commits = GroupCommit(runtime.engine, on_commit)
        self._keyring = keyring
        self._key_bounds = key_bounds
        self._limiter = RequestLimiter(limits)
        self._max_uncommitted = limits.waiting
        self._backpressure = backpressure
        self._meters = meters
        self._audit = audit
        self._turned_away = TurnedAway(audit, runtime.clock)
        self._clock = runtime.clock
        self.decisions = DecisionWatch(runtime.store)
        """For who waits until an event is decided."""

    @property
    def uncommitted(self) -> int:
        """Events that wait for their commit now."""
        return self._commits.uncommitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        status, headers, body = await self.answer(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def answer(self, scope: Scope, receive: Receive) -> RawResponse:
        """The response to a request. Never raises: each error has one, too."""
        try:
            mode, accepted = await self._admitted(scope, receive)
            seconds = None if mode is Mode.BATCHED else wait_of(scope["headers"])
            if seconds is not None and not self.decisions.full:
                return await self._decided(accepted[0], seconds)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.kind in (Kind.UNAUTHENTICATED, Kind.FORBIDDEN):  # what is accepted has its actor
                remember_rule(scope, refusal.problems[0].rule)
                self._audit.note(entry_of(scope, self._clock.now(), PATH, refused=True))
            elif refusal.kind in _BROKEN:
                self._turned_away.note(scope, PATH, refusal.problems)
            return self._refused(refusal)
        return self._accepted(accepted)

    @contextmanager
    def serving(self, size: int) -> Iterator[None]:
        """A place for a request with an event that has so many bytes, while it is read and stored.

        Raises Refusal (429) where too much waits, or is being served.
        """
        self._backpressure.check()
        self._limiter.acquire(size)
        try:
            yield
        finally:
            self._limiter.release(size)

    async def take(
        self, event: CloudEvent, by: Principal, expected_revision: int | None = None
    ) -> Acceptance:
        """Commit one event that somebody sent as something else than a CloudEvent; see `serving`.

        `expected_revision` as for `Acceptor.check`.

        Raises:
            InvalidEvent, EventConflict, NotPermitted: as `Engine.accept`.
            Refusal: too many wait (429).
            Exception: of the database; it is stored or not.
        """
        self._check_room(1)
        try:
            (accepted,) = await self._commits.accept([event], by, expected_revision)
        except InvalidEvent as error:
            if not isinstance(error, NotPermitted):
                self._meters.refused.inc()
            raise
        (self._meters.accepted if accepted.status == "accepted" else self._meters.duplicate).inc()
        return accepted

    def close(self) -> None:
        """Commit what was submitted, then end the threads that commit."""
        self._commits.close()

    async def _admitted(self, scope: Scope, receive: Receive) -> tuple[Mode, list[Acceptance]]:
        """Accept a request's events if its key permits that and no bound is reached; how they came."""
        raw: RawHeaders = scope["headers"]
        headers = dict(reversed(raw))  # of a header that came twice the first counts
        text = bearer_text(headers.get(b"authorization"))
        key = self._keyring.recall(text)
        if key is None:
            key = await known_key(self._keyring, self._key_bounds, text, scope.get("client"))
        else:
            self._key_bounds.use(key)
        remember_holder(scope, key)
        permit(key, *SENDING)
        if scope["query_string"]:
            refuse_broken_text(scope)
            refuse_parameters(scope["query_string"])
        mode = mode_of(headers, raw)
        announced = headers.get(b"content-length")
        size = size_of(announced, mode.most_bytes, mode.carries)
        self._backpressure.check()
        self._limiter.acquire(size)
        try:
            body = await read_body(receive, mode.most_bytes, mode.carries, announced=announced)
            return mode, await self._commit(scope, Carried(mode, raw, body), key)
        finally:
            self._limiter.release(size)

    async def _commit(self, scope: Scope, carried: Carried, by: Principal) -> list[Acceptance]:
        """Check and commit all events of a request.

        Raises:
            Refusal: one of them breaks a rule or has the id of another event, or too many wait (429). Nothing
                was stored.
            Exception: of the database; either all of the request is stored or nothing.
        """
        try:
            if len(carried.body) > LARGE_BYTES:
                self._check_room(1)
                return await self._commits.accept_apart(partial(events_of, carried), by)
            if carried.body.count(b"{") + carried.body.count(b"[") > CROWDED:
                events = await run_in_threadpool(events_of, carried)
            else:
                events = events_of(carried)
            remember_events(scope, events)
            if not events:  # an empty batch asks for nothing, and gets it
                return []
            self._check_room(len(events))
            return await self._commits.accept(events, by)
        except InvalidEvent as error:
            kind = refusal_of(error).kind
            raise Refusal(kind, [_placed(carried.mode, one) for one in error.problems]) from error

    def _check_room(self, events: int) -> None:
        waiting = self._commits.uncommitted
        if waiting and waiting + events > self._max_uncommitted:
            raise busy("queue", f"{waiting} events wait to be stored")

    async def _decided(self, one: Acceptance, seconds: int) -> RawResponse:
        """200 with the decision once it is taken, else 202 with what is known."""
        found = await self.decisions.decided(one.source, one.event_id, seconds)
        if found is None:
            answer = self._accepted([one], {"state": None, "seq": None})
        else:
            one = one._replace(outcome=found.outcome, reason=found.reason)
            answer = self._accepted([one], {"state": found.dest, "seq": found.seq})._replace(status=200)
        return answer._replace(headers=[*answer.headers, (b"preference-applied", applied(seconds).encode())])

    def _accepted(self, acceptances: list[Acceptance], more: Mapping[str, Any] | None = None) -> RawResponse:
        """202 with what became of each event, and `more` about it."""
        fresh = sum(one.status == "accepted" for one in acceptances)
        duplicates = len(acceptances) - fresh
        if fresh:
            self._meters.accepted.inc(fresh)
        if duplicates:
            self._meters.duplicate.inc(duplicates)
        items = [
            {
                "source": one.source,
                "id": one.event_id,
                "subject": one.subject,
                "status": one.status,
                "outcome": one.outcome,
                "reason": one.reason,
            }
            for one in acceptances
        ]
        if more is not None:
            items = [{**item, **more} for item in items]
        body = orjson.dumps({"accepted": fresh, "duplicates": duplicates, "items": items})
        return RawResponse(202, _headers(body), body)

    def _refused(self, refusal: Refusal) -> RawResponse:
        if refusal.kind in _BROKEN:
            self._meters.refused.inc()
        elif refusal.kind is Kind.BUSY:
            self._meters.turned_away.labels(refusal.problems[0].rule).inc()
        response = refusal.answer()
        return RawResponse(response.status_code, response.raw_headers, bytes(response.body))


def _headers(body: bytes) -> RawHeaders:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


def _placed(mode: Mode, problem: Problem) -> Problem:
    """The problem with its event's place: the engine leaves it out for one that came alone in a batch."""
    if mode is Mode.BATCHED and not problem.field.startswith("["):
        return replace(problem, field=f"[0].{problem.field}")
    return named(mode, problem)
