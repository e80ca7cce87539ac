"""Metrics for Prometheus: ``/metrics``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, described

router = LateRouter()

OwnName = Literal["makegood_oldest_due_seconds"]
Names = Query(
    default_factory=list,
    alias="name[]",
    max_length=10,
    description="This metric alone, which is read by indexes however much waits.",
)


@router.get(
    "/metrics",
    summary="Metrics in Prometheus' text format",
    response_class=Response,
    responses=described(Kind.INVALID),
    tags=["operation"],
)
def metrics(request: Request, names: Annotated[list[OwnName], Names]) -> Response:
    """Needs no key: it holds counts and ages, and no data of anybody."""
    return Response(context_of(request).meters.text(names), media_type=CONTENT_TYPE_LATEST)
