"""Decisions that refused an event or a timer: ``/v1/refusals``."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import Field

from workflow.api.auth import Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.days import instant_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, STORABLE, Moment, Name
from workflow.queries import refusals as found
from workflow.queries.refusals import RefusalPage

router = LateRouter(prefix="/v1", tags=["refusals"])
_UTC = ZoneInfo("UTC")


class RefusalQuery(Paging):
    """Which refusals to list. An unknown parameter is refused: a misspelt filter must not list everything."""

    lifecycle: Name | None = Field(None, description="Only about subjects of this lifecycle.")
    trigger: Name | None = Field(None, description="Only of this trigger.")
    source: Annotated[str, Field(min_length=1, max_length=256, pattern=STORABLE)] | None = Field(
        None,
        description="Only events of this source; `/makegood` for those of subjects, `/makegood/timers` for "
        "timers.",
    )
    since: Moment | None = Field(None, description="Decided from this instant (RFC 3339) or day (UTC) on.")


@router.get(
    "/refusals",
    summary="List refused decisions",
    response_model=RefusalPage,
    responses=LISTING,
)
def list_refusals(request: Request, _: Overseer, wanted: Annotated[RefusalQuery, Query()]) -> JsonAnswer:
    """What could not apply when it was decided, the oldest first: by whom, about what, and why.

    What was refused at once, with an answer of 422, is not among them: it was never stored.
    """
    page = found.refusals(
        context_of(request).runtime.store,
        found.RefusalFilter(
            wanted.lifecycle, wanted.trigger, wanted.source, instant_of("since", wanted.since, _UTC)
        ),
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return JsonAnswer(page)
