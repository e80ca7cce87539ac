"""Any desk that has a case's number can act on it, not only forward: ``/v1/desk/cases``."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.api.auth import AtDesk
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.parameters import READING
from workflow.api.http.problems import Kind, Refusal, described
from workflow.api.routes.desk_requests import read_object
from workflow.errors import InvalidEvent
from workflow.recovery.desk.desk import CaseResult, Desk, Result

router = APIRouter(prefix="/v1/desk", tags=["desk"])

Act = Literal[
    "acknowledge", "agree", "ask_fact", "ask_step", "book", "call", "calm", "cause", "check_in_answered",
    "close", "contact", "customer_answers", "deliver", "displeasure", "document", "grant", "hand_over",
    "plan", "promise", "reopen", "speak", "step", "tell_fact", "thanks", "took_part", "wait_for_customer",
    "word",
]  # fmt: skip
"""What people do about a case; the other triggers of `case` are news that subjects send each other."""


class Sending(BaseModel):
    """How to send it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        default_factory=lambda: secrets.token_hex(16),
        pattern=r"^[A-Za-z0-9_.~-]{1,100}$",
        description="Names this act, so that it can be sent again without harm. Default: a new one.",
    )
    patience: float = Field(3.0, ge=0, le=10, description="Seconds to wait for the decision.")


@router.post(
    "/cases/{number}/{trigger}",
    summary="Act on a case",
    response_model=CaseResult,
    responses=READING
    | described(Kind.MALFORMED, Kind.FORBIDDEN, Kind.TIMEOUT, Kind.CONFLICT, Kind.TOO_LARGE)
    | {
        202: {
            "description": "Not decided yet; send the same `id` again to go on waiting",
            "model": CaseResult,
        }
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object", "required": ["by"]}}},
        }
    },
)
async def act_on_case(
    request: Request,
    _: AtDesk,
    number: Annotated[str, Path(description="The case's number: its key without `case:`.", max_length=256)],
    trigger: Act,
    sending: Annotated[Sending, Query()],
) -> JsonAnswer:
    """The body is the data of the trigger, with `by`: who does it. 409: the case cannot take that now."""
    data = await read_object(request)
    if not data.get("by"):
        raise Refusal.of(Kind.INVALID, "body.by", "required", "say who does it")
    context = context_of(request)
    desk = Desk(context.runtime.engine, context.runtime.clock, context.wake)
    try:
        answer = await desk.act(f"case:{number}", trigger, data, sending.id, sending.patience)
    except InvalidEvent as error:
        raise Refusal(Kind.INVALID, error.problems) from None
    if answer.outcome is Result.LOST:
        raise Refusal.of(Kind.CONFLICT, "subject", "not-possible-now", f"{answer.case}: {answer.reason}")
    return JsonAnswer(answer, status_code=202 if answer.outcome is Result.UNDECIDED else 200)
