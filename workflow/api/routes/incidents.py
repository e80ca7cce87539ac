"""Incidents, and the cases that are theirs: ``/v1/incidents``."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from workflow.api.auth import Reader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.entity_tags import NONE_MATCH, entity_tag, is_unchanged
from workflow.api.http.key_paths import is_part_of_key
from workflow.api.http.known_parameters import query_as, reads_its_query
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, LONGEST_KEY, READING, SubjectKey
from workflow.api.resources.addresses import LONGEST, address_of, tail_of
from workflow.api.resources.below import read_below
from workflow.api.resources.parameters import fields_parameter
from workflow.api.resources.sparse_fields import (
    FieldsWanted,
    SparseFields,
    SparseSchema,
    nothing_to_choose,
    sparse_fields,
)
from workflow.queries.resources import Chosen
from workflow.recovery.incident_list import (
    Incident,
    IncidentCasePage,
    IncidentPage,
    cases_of,
    incident,
    incidents,
)

router = LateRouter(prefix="/v1", tags=["incidents"])

_FIELDS = tuple(one.name for one in fields(Incident))
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as the caller has it"}}

_NAMED = "The incident's key, or its id alone."
Number = Annotated[str, Path(description=_NAMED, max_length=LONGEST_KEY)]
Below = Annotated[str, Path(description=_NAMED, max_length=LONGEST)]
"""The same where a path may go on behind it."""


class IncidentFilter(FieldsWanted, Paging):
    """Which incidents to list. An unknown parameter is refused."""

    state: list[Literal["open", "planned", "solved", "ended"]] = Field(
        default_factory=list, max_length=4, description="Only in this state; several: in one of them."
    )
    open: bool | None = Field(
        None, description="`true`: only those in no final state; `false`: only those that ended."
    )
    parent: SubjectKey | None = Field(None, description="Only those that this subject opened.")


class CaseFilter(Paging):
    """Which of an incident's cases to list. An unknown parameter is refused."""

    state: list[Literal["joined", "left", "settled"]] = Field(
        default_factory=list,
        max_length=3,
        description="Only those that are joined, were split off, or have heard that it is over.",
    )


@router.get("/incidents", summary="List incidents", response_model=IncidentPage, responses=LISTING)
def list_incidents(request: Request, _: Reader, wanted: Annotated[IncidentFilter, Query()]) -> JsonAnswer:
    """The oldest first, page by page: how many cases each has, and how many promises are broken in them."""
    chosen, sparse = Chosen(wanted.state, wanted.parent, wanted.open), _sparse(request, wanted)
    page = incidents(context_of(request).runtime.store, chosen, wanted.limit, wanted.cursor)
    return JsonAnswer({"items": [sparse.chosen(_known(one)) for one in page.items], "next": page.next})


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


@router.get(
    "/incidents/{number:path}",
    summary="One incident",
    response_model=Annotated[Incident, SparseSchema],
    responses=READING | _UNCHANGED,
    openapi_extra={"parameters": [fields_parameter(), NONE_MATCH]},
)
@reads_its_query
def get_incident(request: Request, holder: Reader, number: Below) -> Response:
    """How it stands. Its cases are `GET /v1/incidents/{number}/cases`, its timeline that of its subject."""
    runtime = context_of(request).runtime
    address = address_of(tail_of(request, "incidents"), "incident")
    below = read_below(request, holder, runtime.registry.latest("incident"), address)
    wanted = query_as(FieldsWanted, request)
    if below is not None:
        if wanted.fields is not None:
            raise nothing_to_choose()
        return JsonAnswer(below)
    sparse = _sparse(request, wanted)
    found = incident(runtime.store, key_of(number))
    tag = entity_tag(found.revision)
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return JsonAnswer(sparse.chosen(_known(found)), headers={"ETag": tag})


def _sparse(request: Request, wanted: FieldsWanted) -> SparseFields:
    declared = context_of(request).runtime.registry.latest("incident").definition.data
    return sparse_fields(wanted.fields, declared, _FIELDS)


def _known(one: Incident) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _FIELDS}


def key_of(number: str) -> str:
    """The key of an incident that a path names by it, or by its id alone."""
    return number if number.startswith("incident:") else f"incident:{number}"
