"""Metrics for Prometheus: ``/metrics``."""

from __future__ import annotations

from fastapi import Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter

router = LateRouter()


@router.get(
    "/metrics", summary="Metrics in Prometheus' text format", response_class=Response, tags=["operation"]
)
def metrics(request: Request) -> Response:
    """Needs no key: it holds counts and ages, and no data of anybody."""
    return Response(context_of(request).meters.text(), media_type=CONTENT_TYPE_LATEST)
