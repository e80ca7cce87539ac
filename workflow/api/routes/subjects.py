"""Subjects: ``/v1/subjects``, ``/v1/subjects/{key}`` and ``/v1/subjects/{key}/timeline``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import Field

from workflow.api.auth import ListReader, SubjectReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.key_paths import is_part_of_key
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging, page_limit
from workflow.api.http.parameters import LISTING, LONGEST_KEY, READING, Name, SubjectKey
from workflow.queries.history import SubjectHistory, history
from workflow.queries.subjects import SubjectPage, subjects
from workflow.queries.timeline import TimelinePage, timeline

router = LateRouter(prefix="/v1", tags=["subjects"])


class SubjectFilter(Paging):
    """Which subjects to list. An unknown parameter is refused: a misspelt filter must not list everything."""

    lifecycle: Name | None = Field(None, description="Only subjects of this lifecycle.")
    state: list[Name] = Field(
        default_factory=list, max_length=50, description="Only in this state; several: in one of them."
    )
    parent: SubjectKey | None = Field(None, description="Only those that this subject opened.")
    opened: bool = Field(
        True,
        description="`false`: instead those that events named and none has opened, with `seq` decisions.",
    )


@router.get(
    "/subjects",
    summary="List subjects",
    response_model=SubjectPage,
    responses=LISTING,
)
def list_subjects(request: Request, _: ListReader, wanted: Annotated[SubjectFilter, Query()]) -> JsonAnswer:
    """Subjects that have been opened, the oldest first, page by page.

    With `opened=false` those that no event has opened: it came too early, or to a wrong key. What was
    refused, and why, is in the timeline of each and in `/v1/refusals`.

    All pages together hold every subject that was there at the first page once, whatever is added meanwhile.
    """
    page = subjects(
        context_of(request).runtime.store,
        lifecycle=wanted.lifecycle,
        states=wanted.state,
        parent=wanted.parent,
        opened=wanted.opened,
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return JsonAnswer(page)


_Key = Annotated[str, Path(description="`<lifecycle>:<id>`", max_length=LONGEST_KEY)]


class PageOfTimeline(Paging):
    """Which entries of a timeline."""

    limit: int = page_limit(50, 200)


@router.get(
    "/subjects/{key:path}/timeline",
    summary="All that happened to a subject",
    response_model=TimelinePage,
    responses=READING,
)
def get_timeline(
    request: Request, _: SubjectReader, key: _Key, wanted: Annotated[PageOfTimeline, Query()]
) -> JsonAnswer:
    """Every event and fired timer with what became of it, in the order of decisions, page by page.

    What waits for a decision comes last. All pages together tell everything once, whatever is decided
    meanwhile.
    """
    store = context_of(request).runtime.store
    if is_part_of_key(request, "timeline"):
        return JsonAnswer(history(store, f"{key}/timeline"))
    return JsonAnswer(timeline(store, key, wanted.limit, wanted.cursor))


@router.get(
    "/subjects/{key:path}",
    summary="One subject with its timeline",
    response_model=SubjectHistory,
    responses=READING,
)
def get_subject(request: Request, _: SubjectReader, key: _Key) -> JsonAnswer:
    """State, data, timers, the newest children, and the newest events and fired timers with their outcome.

    `earlier` entries came before; `GET /v1/subjects/{key}/timeline` tells all. `more_children` were opened
    before those that are shown; `GET /v1/subjects?parent={key}` lists all.
    """
    return JsonAnswer(history(context_of(request).runtime.store, key))
