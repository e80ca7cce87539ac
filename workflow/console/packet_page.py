"""The context packet of a case as a page, at the address of the resource."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import HTMLResponse

from workflow.api.browser import CaseReader
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.negotiation import JSON
from workflow.api.routes.packets import CaseNumber
from workflow.console.preferred_pages import preferred_over
from workflow.console.rendering import page
from workflow.console.times import clock_of
from workflow.console.viewer import viewer_of
from workflow.recovery.packet import packet

router = LateRouter(include_in_schema=False, route_class=preferred_over(JSON))


@router.get("/v1/cases/{number:path}/packet")
def packet_page(request: Request, _: CaseReader, number: CaseNumber) -> HTMLResponse:
    """Everything the next person needs, to be read."""
    runtime = context_of(request).runtime
    found = packet(runtime.store, number, runtime.clock.now())
    viewer = viewer_of(request)
    local = clock_of(viewer.language, found.contact.zone, viewer.zone)
    return page(request, "packet.html", packet=found, local=local)
