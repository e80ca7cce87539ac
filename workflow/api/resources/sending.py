"""A trigger as an operation: its body becomes an event, and the answer says what became of it.

The event goes the way of all others: the key's bounds, the declaration of its data and the subject's own
guards hold as on `POST /v1/events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from state_machines.decide import CHANGED
from state_machines.decision import Outcome
from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.context import context_of
from workflow.api.http import prefer
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.body import size_of
from workflow.api.http.entity_tags import entity_tag, expected_revision
from workflow.api.http.idempotency import source_of
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.request_body import read_optional_object
from workflow.api.http.single_header import single_header
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import MAX_EVENT_BYTES, parse
from workflow.errors import EventConflict, InvalidEvent, NotPermitted
from workflow.queries.resources import revision_of
from workflow.store.port import DISCARDED

_TAKEN = frozenset({Outcome.MOVED.value, Outcome.STAYED.value})
_FIELDS = {"id": "idempotency-key", "subject": "path.id", "parent": "query.parent", "data": "body"}
"""By the name of an event's attribute, what the sender has called it."""


@dataclass(frozen=True, slots=True)
class EventIdentity:
    """By which the event can be asked for: `GET /v1/events/{source}/{id}`."""

    source: str
    id: str


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """What became of a trigger.

    Attributes:
        key, id: of the subject.
        event: the event that it became.
        status: accepted, or duplicate: the same request came before.
        outcome: pending until it is decided; then moved or stayed (another request than one that waits may
            find it refused, or dead).
        reason: why it was refused, or is dead.
        state: of the subject after the decision; null while there is none.
        revision: of the subject after the decision; null while there is none.
    """

    key: str
    id: str
    event: EventIdentity
    status: str
    outcome: str
    reason: str | None
    state: str | None
    revision: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for.

    Attributes:
        key: of the subject.
        trigger: that it is to get.
        parent: for one that it opens, the key of its parent.
        created: whether it is asked for as a new one of a collection.
        event: the id of the event.
    """

    key: str
    trigger: str
    event: str
    parent: str | None = None
    created: bool = False


async def carried_out(request: Request, holder: Principal, wish: Wish) -> JsonAnswer:
    """Send the trigger, and answer as the request prefers.

    Raises:
        Refusal: something breaks a rule; or it waited, and the subject has refused (409, 412).
        Exception: of the database.
    """
    context, headers = context_of(request), request.headers
    expected = expected_revision(single_header(headers, "if-match"))
    seconds = prefer.wait_of(request.scope["headers"])
    if seconds is None and expected is not None:
        seconds = prefer.MOST_SECONDS  # whoever names a condition wants to hear whether it held
    announced = headers.get("content-length")
    size = size_of(announced.encode() if announced else None, MAX_EVENT_BYTES)
    with context.endpoint.serving(size):
        data = await read_optional_object(request, MAX_EVENT_BYTES)
        accepted = await _taken(request, holder, wish, data, expected)
    result = _result(wish, accepted)
    more = {"Location": f"{request.url.path}/{quote(result.id, safe=':')}"} if wish.created else {}
    if seconds is None or context.endpoint.decisions.full:
        return JsonAnswer(result, status_code=202, headers=more)
    more["Preference-Applied"] = prefer.applied(seconds)
    found = await context.endpoint.decisions.decided(accepted.source, accepted.event_id, seconds)
    if found is None:
        return JsonAnswer(result, status_code=202, headers=more)
    result = replace(result, outcome=found.outcome, reason=found.reason)
    if found.outcome in _TAKEN:
        assert found.seq is not None
        result = replace(result, state=found.dest, revision=found.seq)
        more["ETag"] = entity_tag(found.seq)
        return JsonAnswer(result, status_code=201 if wish.created else 200, headers=more)
    if found.outcome in (Outcome.REFUSED.value, DISCARDED):
        more["ETag"] = entity_tag(await run_in_threadpool(revision_of, context.runtime.store, wish.key))
        raise _refused(found.outcome, found.reason or "", more)
    return JsonAnswer(result, status_code=202, headers=more)


async def _taken(
    request: Request, holder: Principal, wish: Wish, data: Mapping[str, Any], expected: int | None
) -> Acceptance:
    document = {
        "specversion": "1.0",
        "id": wish.event,
        "source": source_of(holder),
        "type": f"{wish.key.partition(':')[0]}.{wish.trigger}",
        "subject": wish.key,
        "data": data,
        "parent": wish.parent,
    }
    try:
        return await context_of(request).endpoint.take(parse(document), holder, expected)
    except InvalidEvent as error:
        kind = Kind.INVALID
        if isinstance(error, EventConflict):
            kind = Kind.OTHER_EVENT
        elif isinstance(error, NotPermitted):
            kind = Kind.FORBIDDEN
        raise Refusal(kind, [_renamed(problem) for problem in error.problems]) from error


def _renamed(problem: Problem) -> Problem:
    """The problem with its field called what this sender calls it."""
    for name, called in _FIELDS.items():
        rest = problem.field.removeprefix(name)
        if rest != problem.field and rest[:1] in ("", ".", "["):
            return replace(problem, field=called + rest)
    return problem


def _result(wish: Wish, accepted: Acceptance) -> TriggerResult:
    identity = EventIdentity(accepted.source, accepted.event_id)
    id = wish.key.partition(":")[2]
    return TriggerResult(
        wish.key, id, identity, accepted.status, accepted.outcome, accepted.reason, None, None
    )


def _refused(outcome: str, reason: str, headers: Mapping[str, str]) -> Refusal:
    """The problem that says why the subject has not taken it; the reason begins with the rule."""
    rule, colon, message = reason.partition(": ")
    if outcome == DISCARDED or not colon:
        rule, message = outcome, reason
    kind = Kind.CHANGED if rule == CHANGED else Kind.CONFLICT
    field = "if-match" if rule == CHANGED else "subject"
    return Refusal(kind, [Problem(field, rule, message)], headers=headers)
