"""Subjects: ``/v1/subjects`` and ``/v1/subjects/{key}``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.api.auth import ListReader, SubjectReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.parameters import READING, Name, SubjectKey
from workflow.api.http.problems import Kind, described
from workflow.queries.history import SubjectHistory, history
from workflow.queries.subjects import SubjectPage, subjects

router = APIRouter(prefix="/v1", tags=["subjects"])


class SubjectFilter(BaseModel):
    """Which subjects to list. An unknown parameter is refused: a misspelt filter must not list everything."""

    model_config = ConfigDict(extra="forbid")

    lifecycle: Name | None = Field(None, description="Only subjects of this lifecycle.")
    state: list[Name] = Field(
        default_factory=list, max_length=50, description="Only in this state; several: in one of them."
    )
    parent: SubjectKey | None = Field(None, description="Only those that this subject opened.")
    opened: bool = Field(
        True,
        description="`false`: instead those that events named and none has opened, with `seq` decisions.",
    )
    limit: int = Field(100, ge=1, le=1000, description="How many a page has at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


@router.get(
    "/subjects",
    summary="List subjects",
    response_model=SubjectPage,
    responses=described(Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.INVALID, Kind.UNAVAILABLE),
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


@router.get(
    "/subjects/{key:path}",
    summary="One subject with its timeline",
    response_model=SubjectHistory,
    responses=READING,
)
def get_subject(
    request: Request,
    _: SubjectReader,
    key: Annotated[str, Path(description="`<lifecycle>:<id>`", max_length=264)],
) -> JsonAnswer:
    """State, data, timers, children, and every event and fired timer with what became of it."""
    return JsonAnswer(history(context_of(request).runtime.store, key))
