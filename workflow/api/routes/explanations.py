"""How a subject's deadlines came about: ``/v1/subjects/{key}/explain``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import PlainTextResponse, Response

from workflow.api.auth import SubjectReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.key_paths import is_part_of_key
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.negotiation import JSON, preferred
from workflow.api.http.parameters import LONGEST_KEY, READING, Name
from workflow.explanation import Explanation, explain
from workflow.queries.history import history

router = LateRouter(prefix="/v1", tags=["subjects"])
_TEXT = "text/plain"


@router.get(
    "/subjects/{key:path}/explain",
    summary="How a subject's deadlines came about",
    response_model=Explanation,
    responses=READING,
)
def get_explanation(
    request: Request,
    _: SubjectReader,
    key: Annotated[str, Path(description="`<lifecycle>:<id>`", max_length=LONGEST_KEY)],
    timer: Annotated[Name | None, Query(description="Only this timer; else all it has or had.")] = None,
    zone: Annotated[
        str | None,
        Query(description="IANA zone to tell the times in; else the customer's.", max_length=64),
    ] = None,
) -> Response:
    """Every timer step by step, from the ledger; as plain text where `Accept` prefers `text/plain`."""
    runtime = context_of(request).runtime
    if is_part_of_key(request, "explain"):
        return JsonAnswer(history(runtime.store, f"{key}/explain"))
    found = explain(runtime.store, runtime.registry, key, timer, zone)
    if preferred(request.headers.get("accept"), (JSON, _TEXT)) == _TEXT:
        return PlainTextResponse(found.text() + "\n")
    return JsonAnswer(found)
