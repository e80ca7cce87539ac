"""An operator drops an event that is not decided: ``POST /v1/events/{source}/{id}/discard``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.api.auth import Operator
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import RETRYING
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.event_decisions import EventDecision, decision_view, identity_in_path
from workflow.errors import NotFound
from workflow.maintenance.discards import discard_event
from workflow.queries.event_outcomes import event_outcome, event_row

router = LateRouter(prefix="/v1", tags=["events"])

DISCARDING = RETRYING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE)
_END = "/discard"


class DiscardReason(BaseModel):
    """Why something is dropped."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000, description="Why, for the record.")


async def reason_of(request: Request, _: Operator) -> str:
    """The reason in the body, read only for who may drop something."""
    return (await read_model(request, DiscardReason)).reason


Reason = Annotated[str, Depends(reason_of)]


@router.post(
    "/events/{source:path}/{id}/discard",
    summary="Drop an event that is not decided",
    response_model=EventDecision,
    responses=DISCARDING,
    openapi_extra=described_body(DiscardReason),
)
def discard_pending_event(
    request: Request,
    key: Operator,
    source: Annotated[str, Path(description="The event's source; its slashes may stand as they are.")],
    id: Annotated[str, Path(description="The event's id; a slash in it is written `%2F`.")],
    reason: Reason,
) -> JsonAnswer:
    """An accepted event that waits for its decision, or whose decision failed, is never decided.

    It stays in the ledger, with the reason. Of an event that is decided by now nothing is changed: 409 says
    what was decided.
    """
    runtime = context_of(request).runtime
    source, id = identity_in_path(request, source, id, end=_END)
    row = event_row(runtime.store, source, id)
    if row is None:
        raise NotFound("event: there is none with this source and id")
    discard_event(runtime.store, row, reason, key.actor, runtime.clock.now())
    found = event_outcome(runtime.store, source, id)
    assert found is not None, "nothing is taken out of the ledger"
    return JsonAnswer(decision_view(found))
