"""The context packet of a case: ``/v1/cases/{number}/packet``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from workflow.api.answers import JsonAnswer
from workflow.api.door import door_of
from workflow.api.negotiation import HTML, JSON, preferred
from workflow.api.parameters import READING
from workflow.api.visitors import Visitor
from workflow.packet import Packet, packet
from workflow.packet.local_time import local_text
from workflow.pages import page

router = APIRouter(prefix="/v1", tags=["cases"])


@router.get(
    "/cases/{number}/packet",
    summary="Everything the next person needs",
    response_model=Packet,
    responses=READING,
)
def get_packet(
    request: Request,
    _: Visitor,
    number: Annotated[str, Path(description="The case's number: its key without `case:`.", max_length=256)],
) -> Response:
    """The case as JSON, or as a page where `Accept` prefers `text/html`.

    What is `known` or was `tried` must not be asked of the customer again.
    """
    runtime = door_of(request).runtime
    found = packet(runtime.store, number, runtime.clock.now())
    if preferred(request.headers.get("accept"), (JSON, HTML)) == JSON:
        return JsonAnswer(found)
    return page(
        "packet.html",
        packet=found,
        language="en",
        local=partial(local_text, where=found.contact.zone),
    )
