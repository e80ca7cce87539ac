"""Somebody decides what another may not grant alone: ``/v1/desk/approvals``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Request
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool

from workflow.api.auth import AtDesk
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import LONGEST_KEY
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.desk_requests import DeskAct
from workflow.api.routes.desk_responses import described_results, desk_of, response_to
from workflow.api.routes.desk_speaker import speaker
from workflow.recovery.authority.approvers import standing
from workflow.recovery.desk.desk import ActResult

router = LateRouter(prefix="/v1/desk", tags=["desk"])


class ApprovalDecision(DeskAct):
    """What somebody decides."""

    decision: Literal["granted", "refused"]
    amount: float | None = Field(None, ge=0, description="With `granted`: less than was asked for.")
    reason: str | None = Field(
        None, min_length=1, max_length=2000, description="Why; needed to refuse, and by who was not asked."
    )

    @model_validator(mode="after")
    def _fitting(self) -> ApprovalDecision:
        if self.decision == "refused" and self.reason is None:
            raise ValueError("reason is needed to refuse")
        if self.decision == "refused" and self.amount is not None:
            raise ValueError("amount goes with the decision granted")
        return self


@router.post(
    "/approvals/{number:path}/decision",
    summary="Approve or refuse what somebody asked for",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=described_body(ApprovalDecision),
)
async def post_approval_decision(
    request: Request,
    holder: AtDesk,
    number: Annotated[str, Path(description="The approval's key, or its id alone.", max_length=LONGEST_KEY)],
) -> JsonAnswer:
    """Who was asked decides: by name, as a member of the team, or on duty, at this moment; or a supervisor,
    with a reason; never whoever asks. 409: it is decided already, or whoever asks would decide it.
    """
    said = await read_model(request, ApprovalDecision)
    context = context_of(request)
    runtime = context.runtime
    key = number if number.startswith("approval:") else f"approval:{number}"
    by = await speaker(request, holder, said.by, "approval")
    now = runtime.clock.now()
    found = await run_in_threadpool(standing, runtime.store, key, holder, by, said.reason, now)
    data: dict[str, Any] = {"by": by, "standing": found.value}
    if said.reason is not None:
        data["reason"] = said.reason
    if said.amount is not None:
        data["amount"] = said.amount
    trigger = "grant" if said.decision == "granted" else "refuse"
    desk = desk_of(context, holder)
    return response_to(await desk.act(key, trigger, data, said.id, said.patience))
