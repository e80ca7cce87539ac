"""Events, timers and messages that were given up: ``/v1/dead-letters``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from workflow.api.auth import Operator, Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import LISTING, RETRYING, Name, Row, SubjectKey
from workflow.api.http.request_body import described_body, model_of, read_json
from workflow.api.routes.discards import DISCARDING, DiscardReason, Reason
from workflow.engine.discard import let_stand
from workflow.maintenance import dead_letters
from workflow.maintenance.discards import discard_event, discard_timer
from workflow.queries.dead_letters import DeadLetters, first_dead_letters

router = LateRouter(prefix="/v1", tags=["dead letters"])


async def reason_if_any(request: Request, _: Operator) -> str | None:
    """The reason in the body; None without a body."""
    body = await read_json(request)
    return model_of(body, DiscardReason).reason if body else None


_OF_EACH = "How many of each kind."


@router.get(
    "/dead-letters",
    summary="Events, timers and messages given up",
    response_model=DeadLetters,
    responses=LISTING,
)
def list_dead_letters(
    request: Request,
    _: Overseer,
    limit: Annotated[int, Query(ge=1, le=1000, description=_OF_EACH)] = 100,
) -> JsonAnswer:
    """Whose decision failed, with the fault; messages that could not be read. Dead effects: `/v1/effects`."""
    return JsonAnswer(first_dead_letters(context_of(request).runtime.store, limit))


@router.post(
    "/dead-letters/events/{event_row}/retry",
    status_code=204,
    summary="Decide a dead event again",
    response_class=Response,
    responses=RETRYING,
)
def retry_event(request: Request, _: Operator, event_row: Row) -> Response:
    """Once the cause is mended."""
    context = context_of(request)
    dead_letters.retry_event(context.runtime.store, event_row)
    context.wake([])
    return Response(status_code=204)


@router.post(
    "/dead-letters/events/{event_row}/discard",
    status_code=204,
    summary="Drop a dead event",
    response_class=Response,
    responses=DISCARDING,
    openapi_extra=described_body(DiscardReason, required=False),
)
def discard_dead_event(
    request: Request,
    key: Operator,
    event_row: Row,
    reason: Annotated[str | None, Depends(reason_if_any)],
) -> Response:
    """It is never decided, stays in the ledger with the reason, and is no dead letter any more.

    Without a body: let the refusal of an opening of makegood's own (`refused-opening`) stand. It is written
    down as refused.
    """
    runtime, now = context_of(request).runtime, context_of(request).runtime.clock.now()
    if reason is None:
        let_stand(runtime.store, runtime.registry, runtime.clock, event_row)
    else:
        discard_event(runtime.store, event_row, reason, key.actor, now)
    return Response(status_code=204)


@router.post(
    "/dead-letters/timers/{name}/{subject:path}/retry",
    status_code=204,
    summary="Fire a dead timer again",
    response_class=Response,
    responses=RETRYING,
)
def retry_timer(
    request: Request,
    _: Operator,
    name: Annotated[Name, Path()],
    subject: Annotated[SubjectKey, Path()],
) -> Response:
    """Once the cause is mended. It fires at once."""
    runtime = context_of(request).runtime
    dead_letters.retry_timer(runtime.store, subject, name, runtime.clock.now())
    return Response(status_code=204)


@router.post(
    "/dead-letters/messages/{message_row}/discard",
    status_code=204,
    summary="Discard a dead message",
    response_class=Response,
    responses=DISCARDING,
    openapi_extra=described_body(DiscardReason),
)
def discard_message(request: Request, key: Operator, message_row: Row, reason: Reason) -> Response:
    """Its body is deleted; what is left says when it came, who discarded it and why."""
    runtime = context_of(request).runtime
    dead_letters.discard_message(runtime.store, message_row, reason, key.actor, runtime.clock.now())
    return Response(status_code=204)


@router.post(
    "/dead-letters/timers/{name}/{subject:path}/discard",
    status_code=204,
    summary="Drop a dead timer",
    response_class=Response,
    responses=DISCARDING,
    openapi_extra=described_body(DiscardReason),
)
def discard_dead_timer(
    request: Request,
    key: Operator,
    name: Annotated[Name, Path()],
    subject: Annotated[SubjectKey, Path()],
    reason: Reason,
) -> Response:
    """It never fires; its subject stays as it is, and may set it anew."""
    runtime = context_of(request).runtime
    discard_timer(runtime.store, subject, name, reason, key.actor, runtime.clock.now())
    return Response(status_code=204)
