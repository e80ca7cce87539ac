"""Events come in: ``POST /v1/events``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from workflow.api.auth import Sender
from workflow.api.context import context_of
from workflow.api.http import prefer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, described
from workflow.api.ingest.endpoint import RawResponse
from workflow.api.ingest.event_schema import REQUEST_BODY

router = LateRouter(prefix="/v1", tags=["events"])


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """What became of one event.

    Attributes:
        status: accepted, or duplicate: the same event came before.
        outcome: pending until it is decided; then moved, stayed, refused (with the reason) or dead. Of a
            duplicate: what became of the first one.
        state, seq: of an event that was waited for (`Prefer: wait`), the subject's state after the decision
            and the decision's number; null while there is none.
    """

    source: str
    id: str
    subject: str
    status: str
    outcome: str
    reason: str | None
    state: str | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class AcceptedEvents:
    """The events of a request, all of them committed."""

    accepted: int
    duplicates: int
    items: list[AcceptedEvent]


_DECIDED: dict[int | str, dict[str, Any]] = {
    200: {"model": AcceptedEvents, "description": "Decided within the time of `Prefer: wait`"}
}


@router.post(
    "/events",
    status_code=202,
    summary="Accept one event or a batch",
    response_model=AcceptedEvents,
    openapi_extra={"requestBody": REQUEST_BODY, "parameters": [prefer.PARAMETER]},
    responses=_DECIDED
    | described(
        Kind.MALFORMED,
        Kind.UNAUTHENTICATED,
        Kind.FORBIDDEN,
        Kind.TIMEOUT,
        Kind.OTHER_EVENT,
        Kind.TOO_LARGE,
        Kind.MEDIA_TYPE,
        Kind.INVALID,
        Kind.BUSY,
        Kind.UNAVAILABLE,
    ),
)
async def post_events(request: Request, _: Sender) -> Response:
    """All events of the request are committed before 202 is answered, or none is stored.

    They are applied soon after, each exactly once. The same event again is a duplicate: it changes nothing
    and the answer says what became of the first. Another event under the same `source` and `id` (another
    type, subject, parent or effect, or other data) is refused: 409, nothing of the request is stored.

    With `Prefer: wait=5` a request with one event is answered 200 with the decision as soon as it is taken,
    or after so many seconds 202 with what is known; a batch is answered at once.
    """
    # Requests do not come this way (see `Application`), unless the application is mounted below a path.
    return EndpointResponse(await context_of(request).endpoint.answer(request.scope, request.receive))


class EndpointResponse(Response):
    """An answer of the intake, for the framework."""

    def __init__(self, answer: RawResponse) -> None:
        super().__init__(answer.body, answer.status)
        self.raw_headers = answer.headers
