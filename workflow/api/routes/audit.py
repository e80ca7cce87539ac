"""Who did what, who read what, who was refused: ``/v1/audit``."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import Field

from workflow.access.audit import AuditFilter
from workflow.api.auth import Operator
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.days import instant_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, STORABLE, Moment
from workflow.queries.audit import AuditPage, audit_page

router = LateRouter(prefix="/v1", tags=["operation"])
_UTC = ZoneInfo("UTC")
_Text = Annotated[str, Field(min_length=1, max_length=300, pattern=STORABLE)]


class AuditQuery(Paging):
    """Which entries to list. An unknown parameter is refused: a misspelt filter must not list everything."""

    actor: _Text | None = Field(None, description="Only of this one: `system:crm`, `person:ada@example.com`.")
    target: _Text | None = Field(None, description="Only about this: the path of a request.")
    outcome: Literal["done", "refused", "turned_away"] | None = None
    since: Moment | None = Field(None, description="From this instant (RFC 3339) or day (UTC) on.")


@router.get(
    "/audit",
    summary="List the audit log",
    response_model=AuditPage,
    responses=LISTING,
)
def list_audit(request: Request, _: Operator, wanted: Annotated[AuditQuery, Query()]) -> JsonAnswer:
    """Reads, acts and refusals over HTTP, and what was done to keys; the oldest first, half a second late.

    Who sent an accepted event is not here: that stands with the event, as its `actor`.
    """
    page = audit_page(
        context_of(request).runtime.store,
        AuditFilter(wanted.actor, wanted.target, wanted.outcome, instant_of("since", wanted.since, _UTC)),
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return JsonAnswer(page)
