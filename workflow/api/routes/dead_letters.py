"""Events, timers and messages that were given up: ``/v1/dead-letters``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workflow.api.auth import Operator, Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.parameters import READING, RETRYING, Name, Row, SubjectKey
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.engine.discard import let_stand
from workflow.maintenance import dead_letters
from workflow.queries.dead_letters import DeadLetters, first_dead_letters

router = APIRouter(prefix="/v1", tags=["dead letters"])


class DiscardNote(BaseModel):
    """Why a dead letter is of no use any more."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000, description="What it was, and why it can go.")


async def note_of(request: Request, _: Operator) -> DiscardNote:
    """The note in the body, read only for who may write it."""
    return await read_model(request, DiscardNote)


@router.get(
    "/dead-letters",
    summary="Events, timers and messages given up",
    response_model=DeadLetters,
    responses=READING,
)
def list_dead_letters(
    request: Request, _: Overseer, limit: Annotated[int, Query(ge=1, le=1000)] = 100
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
    summary="Let the refusal of an opening stand",
    response_class=Response,
    responses=RETRYING,
)
def discard_event(request: Request, _: Operator, event_row: Row) -> Response:
    """For an opening of makegood's own that the new subject refused (`refused-opening`), and nothing else.

    It is written down as refused, and is no dead letter any more.
    """
    runtime = context_of(request).runtime
    let_stand(runtime.store, runtime.registry, runtime.clock, event_row)
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
    responses=RETRYING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE),
    openapi_extra=described_body(DiscardNote),
)
def discard_message(
    request: Request, key: Operator, message_row: Row, said: Annotated[DiscardNote, Depends(note_of)]
) -> Response:
    """Its body is deleted; what is left says when it came, who discarded it and why."""
    runtime = context_of(request).runtime
    dead_letters.discard_message(runtime.store, message_row, said.reason, key.id, runtime.clock.now())
    return Response(status_code=204)
