"""Events come in: ``POST /v1/events``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from state_machines.errors import Problem
from workflow.acceptance import Acceptance
from workflow.api.answers import JsonAnswer
from workflow.api.auth import Sender
from workflow.api.cloudevents import Carried, Mode, events_of, named, receive
from workflow.api.door import Door, door_of
from workflow.api.event_schema import REQUEST_BODY
from workflow.api.problems import Kind, Refusal, described
from workflow.cloudevent import CloudEvent
from workflow.errors import InvalidEvent

router = APIRouter(prefix="/v1", tags=["events"])


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """What became of one event.

    Attributes:
        status: accepted, or duplicate: the same `source` and `id` came before.
        outcome: pending until it is decided; then moved, stayed, refused (with the reason) or dead. Of a
            duplicate: what became of the first one.
    """

    source: str
    id: str
    subject: str
    status: str
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The events of a request, all of them committed."""

    accepted: int
    duplicates: int
    items: list[AcceptedEvent]


async def carried(request: Request, _: Sender) -> AsyncIterator[Carried]:
    """The request's body, read only for who may send it and while there is room."""
    with door_of(request).admission.admitted():
        yield await receive(request)


@router.post(
    "/events",
    status_code=202,
    summary="Accept one event or a batch",
    response_model=Receipt,
    openapi_extra={"requestBody": REQUEST_BODY},
    responses=described(
        Kind.MALFORMED,
        Kind.UNAUTHENTICATED,
        Kind.FORBIDDEN,
        Kind.TIMEOUT,
        Kind.TOO_LARGE,
        Kind.MEDIA_TYPE,
        Kind.INVALID,
        Kind.BUSY,
        Kind.UNAVAILABLE,
    ),
)
def post_events(request: Request, body: Annotated[Carried, Depends(carried)]) -> JsonAnswer:
    """All events of the request are committed before 202 is answered, or none is stored.

    They are applied soon after, each exactly once. The same `source` and `id` again is a duplicate: it
    changes nothing and the answer says what became of the first.
    """
    door = door_of(request)
    try:
        events = events_of(body, door.runtime.clock.now())
        answers = _accept(door, body, events)
    except Refusal:
        door.meters.events.labels("refused").inc()
        raise
    fresh = [answer.subject for answer in answers if answer.status == "accepted"]
    door.meters.events.labels("accepted").inc(len(fresh))
    door.meters.events.labels("duplicate").inc(len(answers) - len(fresh))
    if fresh:
        door.wake(fresh)
    items = [
        AcceptedEvent(one.source, one.event_id, one.subject, one.status, one.outcome, one.reason)
        for one in answers
    ]
    return JsonAnswer(Receipt(len(fresh), len(items) - len(fresh), items), status_code=202)


def _accept(door: Door, body: Carried, events: list[CloudEvent]) -> list[Acceptance]:
    try:
        return door.runtime.engine.accept(events)
    except InvalidEvent as error:
        raise Refusal(Kind.INVALID, [_placed(body.mode, problem) for problem in error.problems]) from error


def _placed(mode: Mode, problem: Problem) -> Problem:
    """The engine leaves out the place of an event that came alone; in a batch it has one."""
    if mode is Mode.BATCHED and not problem.field.startswith("["):
        return replace(problem, field=f"[0].{problem.field}")
    return named(mode, problem)
