"""What became of one event: ``GET /v1/events/{source}/{id}``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import Path, Request
from starlette.concurrency import run_in_threadpool

from workflow.api.auth import AnyKey, may_read
from workflow.api.context import ApiContext, context_of
from workflow.api.http import prefer
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import READING
from workflow.api.ingest.endpoint import PATH
from workflow.errors import NotFound
from workflow.queries.event_outcomes import event_outcome
from workflow.store.port import PENDING, EventOutcome

router = LateRouter(prefix="/v1", tags=["events"])


@dataclass(frozen=True, slots=True)
class EventDecision:
    """An accepted event, and the decision about it.

    Attributes:
        outcome: pending until it is decided; then moved, stayed, refused (with the reason) or dead (its
            decision failed). Discarded, with the reason, if an operator dropped it.
        state: of its subject after the decision; null while there is none.
        seq: the decision's number within the subject.
        received_at, decided_at: UTC.
        request_id: of the request with which it came; null where it came another way.
    """

    source: str
    id: str
    subject: str
    outcome: str
    reason: str | None
    state: str | None
    seq: int | None
    received_at: datetime
    decided_at: datetime | None
    request_id: str | None


@router.get(
    "/events/{source:path}/{id}",
    summary="What became of one event",
    response_model=EventDecision,
    responses=READING,
    openapi_extra={"parameters": [prefer.PARAMETER]},
)
async def get_event_decision(
    request: Request,
    holder: AnyKey,
    source: Annotated[str, Path(description="The event's source; its slashes may stand as they are.")],
    id: Annotated[str, Path(description="The event's id; a slash in it is written `%2F`.")],
) -> JsonAnswer:
    """The decision about an event that was accepted, by its `source` and `id`; its data are not shown."""
    context = context_of(request)
    source, id = identity_in_path(request, source, id)
    found = await run_in_threadpool(event_outcome, context.runtime.store, source, id)
    if found is None:
        raise NotFound("event: there is none with this source and id")
    if holder.bounds.sources is None or not holder.bounds.may_use(source):  # whoever sent it may ask
        may_read(holder, found.subject.partition(":")[0])
    seconds = prefer.wait_of(request.scope["headers"])
    if seconds is None or (found.outcome == PENDING and context.endpoint.decisions.full):
        return JsonAnswer(decision_view(found))
    found = await _waited(context, found, seconds)
    return JsonAnswer(decision_view(found), headers={"Preference-Applied": prefer.applied(seconds)})


async def _waited(context: ApiContext, found: EventOutcome, seconds: int) -> EventOutcome:
    if found.outcome != PENDING:
        return found
    return await context.endpoint.decisions.decided(found.source, found.id, seconds) or found


def identity_in_path(request: Request, source: str, id: str, *, end: str = "") -> tuple[str, str]:
    """Source and id as they were written: in the decoded path an id's slashes look like the source's.

    `end` is what follows them in the path.
    """
    raw: bytes = request.scope.get("raw_path") or b""
    _, found, written = raw.decode("ascii", "replace").partition(f"{PATH}/")
    if not found:
        return source, id
    written_source, _, written_id = written.removesuffix(end).rpartition("/")
    return unquote(written_source), unquote(written_id)


def decision_view(found: EventOutcome) -> EventDecision:
    """An event and what became of it, as it is shown."""
    assert found.received_at is not None, "an accepted event has been received"
    return EventDecision(
        found.source,
        found.id,
        found.subject,
        found.outcome,
        found.reason,
        found.dest,
        found.seq,
        found.received_at,
        found.decided_at,
        found.request_id,
    )
