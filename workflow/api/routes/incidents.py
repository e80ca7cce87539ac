"""Incidents, and the cases that are theirs: ``/v1/incidents``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.api.auth import Reader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.entity_tags import entity_tag
from workflow.api.http.key_paths import is_part_of_key
from workflow.api.http.parameters import LISTING, READING, SubjectKey
from workflow.api.resources.addresses import address_of, tail_of
from workflow.api.resources.below import read_below
from workflow.queries.resources import Chosen
from workflow.recovery.incident_list import (
    Incident,
    IncidentCasePage,
    IncidentPage,
    cases_of,
    incident,
    incidents,
)

router = APIRouter(prefix="/v1", tags=["incidents"])

Number = Annotated[str, Path(description="The incident's key, or its id alone.", max_length=264)]


class IncidentFilter(BaseModel):
    """Which incidents to list. An unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")

    state: list[Literal["open", "planned", "solved", "ended"]] = Field(
        default_factory=list, max_length=4, description="Only in this state; several: in one of them."
    )
    open: bool | None = Field(
        None, description="`true`: only those in no final state; `false`: only those that ended."
    )
    parent: SubjectKey | None = Field(None, description="Only those that this subject opened.")
    limit: int = Field(100, ge=1, le=1000, description="How many a page has at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


class CaseFilter(BaseModel):
    """Which of an incident's cases to list. An unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")

    state: list[Literal["joined", "left", "settled"]] = Field(
        default_factory=list,
        max_length=3,
        description="Only those that are joined, were split off, or have heard that it is over.",
    )
    limit: int = Field(100, ge=1, le=1000, description="How many a page has at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


@router.get("/incidents", summary="List incidents", response_model=IncidentPage, responses=LISTING)
def list_incidents(request: Request, _: Reader, wanted: Annotated[IncidentFilter, Query()]) -> JsonAnswer:
    """The oldest first, page by page: how many cases each has, and how many promises are broken in them."""
    store = context_of(request).runtime.store
    chosen = Chosen(wanted.state, wanted.parent, wanted.open)
    return JsonAnswer(incidents(store, chosen, wanted.limit, wanted.cursor))


@router.get(
    "/incidents/{number:path}/cases",
    summary="List the cases of an incident",
    response_model=IncidentCasePage,
    responses=READING,
)
def list_cases_of_incident(
    request: Request, _: Reader, number: Number, wanted: Annotated[CaseFilter, Query()]
) -> JsonAnswer:
    """In the order in which they were joined, page by page; those that were split off are among them."""
    store = context_of(request).runtime.store
    if is_part_of_key(request, "cases"):
        return JsonAnswer(incident(store, key_of(f"{number}/cases")))
    return JsonAnswer(cases_of(store, key_of(number), wanted.state, wanted.limit, wanted.cursor))


@router.get("/incidents/{number:path}", summary="One incident", response_model=Incident, responses=READING)
def get_incident(request: Request, holder: Reader, number: Number) -> JsonAnswer:
    """How it stands. Its cases are `GET /v1/incidents/{number}/cases`, its timeline that of its subject."""
    runtime = context_of(request).runtime
    address = address_of(tail_of(request, "incidents"), "incident")
    below = read_below(request, holder, runtime.registry.latest("incident"), address)
    if below is not None:
        return JsonAnswer(below)
    found = incident(runtime.store, key_of(number))
    return JsonAnswer(found, headers={"ETag": entity_tag(found.revision)})


def key_of(number: str) -> str:
    """The key of an incident that a path names by it, or by its id alone."""
    return number if number.startswith("incident:") else f"incident:{number}"
