"""The context packet of a case: ``/v1/cases/{number}/packet``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request

from workflow.api.browser import CaseReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import READING
from workflow.recovery.packet import Packet, packet

router = LateRouter(prefix="/v1", tags=["cases"])

CaseNumber = Annotated[str, Path(description="The case's number: its key without `case:`.", max_length=256)]


@router.get(
    "/cases/{number:path}/packet",
    summary="Everything the next person needs",
    response_model=Packet,
    responses=READING,
)
def get_packet(request: Request, _: CaseReader, number: CaseNumber) -> JsonAnswer:
    """The case as JSON, or as a page where `Accept` prefers `text/html`.

    What is `known` or was `tried` must not be asked of the customer again.
    """
    runtime = context_of(request).runtime
    return JsonAnswer(packet(runtime.store, number, runtime.clock.now()))
