"""Notices to customers and colleagues: ``/v1/notices``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field

from workflow.api.auth import Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, READING, Row, SubjectKey
from workflow.queries.notices import NoticePage, NoticeView, notice, notices

router = LateRouter(prefix="/v1", tags=["notices"])


class NoticeFilter(Paging):
    """Which notices to list. An unknown parameter is refused."""

    subject: SubjectKey | None = Field(None, description="Only those that this subject has asked for.")
    state: list[Literal["pending", "published", "sending", "settled", "dead", "unknown", "recalled"]] = Field(
        default_factory=list, max_length=7, description="Only in this state; several: in one of them."
    )


@router.get("/notices", summary="List notices", response_model=NoticePage, responses=LISTING)
def list_notices(request: Request, _: Overseer, wanted: Annotated[NoticeFilter, Query()]) -> JsonAnswer:
    """What was to be told, the oldest first, page by page, and what became of each.

    What is to be done about one that is dead or unknown is done under `/v1/effects`, by the same id.
    """
    found = notices(
        context_of(request).runtime.store,
        subject=wanted.subject,
        states=wanted.state,
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return JsonAnswer(found)


@router.get("/notices/{notice_id}", summary="One notice", response_model=NoticeView, responses=READING)
def get_notice(request: Request, _: Overseer, notice_id: Row) -> JsonAnswer:
    """What was to be told, to whom and over which channel, and what became of it."""
    return JsonAnswer(notice(context_of(request).runtime.store, notice_id))
