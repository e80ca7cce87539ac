"""Delivery reports of any channel: ``/v1/reports/{channel}``, with an API key or a webhook's signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.access.keys import Role
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.bearer import bearer_text, known_key, permit
from workflow.api.http.problems import Kind, Refusal, described
from workflow.api.http.request_body import described_body, model_of, read_whole
from workflow.api.routes.report_acceptance import brought
from workflow.recovery import reports
from workflow.recovery.contact.standard_webhooks import is_genuine, webhooks_of

router = APIRouter(prefix="/v1", tags=["reports"])

_SIGNATURE = "webhook-signature"
_LONGEST = 3000
"""Of the id of a webhook: a character of its key takes twelve at most."""


class ReportBody(BaseModel):
    """What became of a notice."""

    model_config = ConfigDict(extra="forbid")

    effect: str = Field(
        min_length=1, max_length=_LONGEST, description="Idempotency key of the notice, or its `webhook-id`."
    )
    status: reports.Status
    id: str | None = Field(
        None, min_length=1, max_length=150, description="By which a repetition is known. Default: the status."
    )
    code: str | None = Field(None, max_length=100, description="Why, in the other side's word or number.")
    reference: str | None = Field(None, max_length=200, description="By which the other side knows it.")


class Taken(BaseModel):
    """What became of a report: `accepted`, `duplicate`, or `known` when it says nothing new."""

    status: str
    subject: str | None


async def report_of(request: Request) -> ReportBody:
    """The report in the body of who may send one."""
    context, headers = context_of(request), dict(request.scope["headers"])
    signed = _SIGNATURE.encode() in headers
    if not signed:
        key = await known_key(context.keyring, bearer_text(headers.get(b"authorization")))
        permit(key, Role.SYSTEM, Role.OPERATOR)
    body = await read_whole(request)
    if signed:
        _check_signature(context, request, body)
    return model_of(body, ReportBody)


def _check_signature(context: ApiContext, request: Request, body: bytes) -> None:
    """Of a receiver of our webhooks, who has their secret; it reports on webhooks only."""
    secret, headers = context.runtime.settings.webhook_secret, request.headers
    genuine = (
        secret is not None
        and request.path_params["channel"] == "webhook"
        and is_genuine(
            webhooks_of(secret.get_secret_value()),
            headers.get("webhook-id", ""),
            headers.get("webhook-timestamp", ""),
            headers[_SIGNATURE],
            body,
            context.runtime.clock.now(),
        )
    )
    if not genuine:
        message = "is not of our secret, or not of these five minutes"
        raise Refusal.of(Kind.UNAUTHENTICATED, _SIGNATURE, "signature", message)


@router.post(
    "/reports/{channel}",
    summary="Report what became of a notice",
    status_code=202,
    response_model=Taken,
    responses=described(
        Kind.MALFORMED, Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.OTHER_EVENT,
        Kind.TOO_LARGE, Kind.INVALID, Kind.BUSY, Kind.UNAVAILABLE,
    ),
    openapi_extra=described_body(ReportBody),
)  # fmt: skip
async def post_report(
    request: Request,
    channel: Annotated[str, Path(pattern=r"^[a-z]{1,20}$")],
    said: Annotated[ReportBody, Depends(report_of)],
) -> JsonAnswer:
    """An accepted notice becomes delivered or failed; the subject that asked for it hears of that."""
    identity = f"{channel}/{said.id or said.status}"
    report = reports.Report(said.effect, channel, said.status, identity, said.code, said.reference)
    answers = await brought(context_of(request), report)
    status, subject = (answers[0].status, answers[0].subject) if answers else ("known", None)
    return JsonAnswer({"status": status, "subject": subject}, status_code=202)
