"""The API's reference as a page: ``/docs``, which needs no sign-in."""

from __future__ import annotations

from fastapi import Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.api.browser import signed_in
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.documentation import reference
from workflow.console.rendering import page

router = LateRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every operation and every kind of problem."""
    await signed_in(request)  # so that the page has the way back for whoever has
    return await run_in_threadpool(_shown, request)


def _shown(request: Request) -> Response:
    return page(request, "reference.html", content=Markup(reference(request.app)))
