"""Any desk that has a case's number can act on it, not only forward: ``/v1/desk/cases``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Request

from workflow.api.auth import AtDesk
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import LONGEST_KEY
from workflow.api.http.request_body import read_object
from workflow.api.routes.desk_requests import Sending, data_of_trigger
from workflow.api.routes.desk_responses import described_results, desk_of, response_to
from workflow.api.routes.desk_speaker import speaker
from workflow.recovery.authority.speaking import role_claimed
from workflow.recovery.desk.desk import ActResult

router = LateRouter(prefix="/v1/desk", tags=["desk"])

MOST_BYTES = 256 * 1024
"""How large a request may be: what happened may take some words."""

Act = Literal[
    "acknowledge", "agree", "ask_fact", "ask_step", "book", "call", "calm", "cause", "check_in_answered",
    "close", "contact", "customer_answers", "deliver", "displeasure", "document", "grant", "hand_over",
    "plan", "promise", "reopen", "speak", "step", "tell_fact", "thanks", "took_part", "wait_for_customer",
    "word",
]  # fmt: skip
"""What people do about a case; the other triggers of `case` are news that subjects send each other."""


@router.post(
    "/cases/{number:path}/{trigger}",
    summary="Act on a case",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=data_of_trigger(),
)
async def act_on_case(
    request: Request,
    holder: AtDesk,
    number: Annotated[str, Path(description="The case's number, or its key.", max_length=LONGEST_KEY)],
    trigger: Act,
    sending: Annotated[Sending, Query()],
) -> JsonAnswer:
    """The body is the data of the trigger, with `by`: who does it, which a person's own key need not say. The
    `role` of a `grant` is one that the key gives. 409: the case cannot take that now.
    """
    context = context_of(request)
    data = await read_object(request, MOST_BYTES)
    data["by"] = await speaker(request, holder, data.get("by"), "case")
    if trigger == "grant":
        data["role"] = role_claimed(holder, data.get("role"))
    key = number if number.startswith("case:") else f"case:{number}"
    act = desk_of(context, holder).act(key, trigger, data, sending.id, sending.patience)
    return response_to(await act)
