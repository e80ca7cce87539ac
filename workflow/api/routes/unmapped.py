"""Messages that became no events: ``/v1/hooks/unmapped``. Looked at, mapped again, or discarded."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.api.auth import Operator, Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, READING, RETRYING, Row
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.request_body import described_body
from workflow.api.routes.discards import DISCARDING, DiscardReason, Reason
from workflow.api.routes.hooks import ReceivedMessage, view_of, wake
from workflow.hooks import unmapped
from workflow.hooks.receiving import NotTaken, retry
from workflow.hooks.unmapped import Unmapped, UnmappedPage

router = LateRouter(prefix="/v1", tags=["routes in"])


class UnmappedQuery(Paging):
    """Which messages to list."""

    route: str | None = Field(None, pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="Only of this route.")
    settled: bool = Field(False, description="Those that were retried or discarded, not those that wait.")


class UnmappedMessage(BaseModel):
    """One message as it came, and why it became no events."""

    about: Unmapped
    headers: dict[str, str]
    query: dict[str, str]
    body: str = Field(description="As text; what is no UTF-8 in it is replaced.")


@router.get(
    "/hooks/unmapped",
    summary="List messages that became no events",
    response_model=UnmappedPage,
    responses=LISTING,
)
def list_unmapped(request: Request, _: Overseer, wanted: Annotated[UnmappedQuery, Query()]) -> JsonAnswer:
    """Each with why: the field and the rule. What they say is not here, but with each."""
    found = unmapped.page(
        context_of(request).runtime.store,
        route=wanted.route,
        settled=wanted.settled,
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return JsonAnswer(found)


@router.get(
    "/hooks/unmapped/{message}",
    summary="Read a message that became no events",
    response_model=UnmappedMessage,
    responses=READING,
)
def get_unmapped(request: Request, _: Operator, message: Row) -> JsonAnswer:
    """As it came, but for its signature. It may be personal, so it is an operator's to read."""
    about, said = unmapped.one(context_of(request).runtime.store, message)
    body = said.body.decode("utf-8", "replace")
    return JsonAnswer({"about": about, "headers": said.headers, "query": said.query, "body": body})


@router.post(
    "/hooks/unmapped/{message}/retry",
    summary="Map a message again",
    response_model=ReceivedMessage,
    responses=RETRYING,
)
def retry_unmapped(request: Request, key: Operator, message: Row) -> JsonAnswer:
    """By its route as it is now, once that was mended. What still becomes no events stays (409), with the
    reason."""
    context = context_of(request)
    about, _ = unmapped.one(context.runtime.store, message)
    one = context.routes.get(about.route)
    if one is None:
        words = f"the route {about.route!r} is not open here any more"
        raise Refusal.of(Kind.CONFLICT, "path", "route", words)
    try:
        received = retry(context.runtime.engine, one.route, message, key.actor)
    except NotTaken as error:
        problems = error.problems or [Problem("body", error.reason, "became no events")]
        raise Refusal(Kind.CONFLICT, problems) from None
    wake(context, received)
    return JsonAnswer(view_of(received))


@router.post(
    "/hooks/unmapped/{message}/discard",
    status_code=204,
    summary="Drop a message that became no events",
    response_class=Response,
    responses=DISCARDING,
    openapi_extra=described_body(DiscardReason),
)
def discard_unmapped(request: Request, key: Operator, message: Row, reason: Reason) -> Response:
    """What it said is deleted; what is left says when it came, who discarded it and why."""
    runtime = context_of(request).runtime
    unmapped.waiting(runtime.store, message)
    unmapped.settle(runtime.store, message, "discarded", key.actor, reason, runtime.clock.now())
    return Response(status_code=204)
