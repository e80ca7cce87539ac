"""Delivery reports of any channel: ``/v1/reports/{channel}``, with an API key or a webhook's signature."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.access.role import SENDING
from workflow.api.context import ApiContext, context_of
from workflow.api.http.accountability import remember_holder
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.bearer import bearer_text, known_key, permit
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, Refusal, described
from workflow.api.http.request_body import described_body, model_of, read_whole
from workflow.api.routes.report_acceptance import brought
from workflow.recovery import reports
from workflow.recovery.contact.receivers import Receivers
from workflow.recovery.contact.standard_webhooks import is_genuine, webhooks_of

router = LateRouter(prefix="/v1", tags=["reports"])

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


class Reporter(NamedTuple):
    """Who reports, as the ledger names them; `receiver` is set where a receiver of webhooks has signed."""

    said: ReportBody
    actor: str
    receiver: str | None = None


async def report_of(request: Request) -> Reporter:
    """The report in the body of who may send one."""
    context, headers = context_of(request), dict(request.scope["headers"])
    if _SIGNATURE.encode() in headers:
        body = await read_whole(request)
        receiver = _signer(context, request, body)
        return Reporter(model_of(body, ReportBody), f"receiver:{receiver}", receiver)
    text = bearer_text(headers.get(b"authorization"))
    holder = await known_key(context.keyring, context.key_bounds, text, request.client)
    remember_holder(request.scope, holder)
    permit(holder, *SENDING)
    if not holder.bounds.may_send("delivery.report"):
        message = "this key may not send 'delivery.report'"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "not-yours", message)
    return Reporter(model_of(await read_whole(request), ReportBody), holder.actor)


def _signer(context: ApiContext, request: Request, body: bytes) -> str:
    """The receiver of our webhooks who has signed this; on webhooks only. Raises Refusal (401)."""
    settings, headers = context.runtime.settings, request.headers
    if settings.webhook_secret is not None and request.path_params["channel"] == "webhook":
        secret = settings.webhook_secret.get_secret_value()
        signature = (headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), headers[_SIGNATURE])
        now = context.runtime.clock.now()
        for receiver in Receivers.of(settings.webhook_hosts).allowed:
            if is_genuine(webhooks_of(secret, receiver), *signature, body, now):
                return receiver
    message = "is not of a secret that we have given to a receiver, or not of these five minutes"
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
    reporter: Annotated[Reporter, Depends(report_of)],
) -> JsonAnswer:
    """An accepted notice becomes delivered or failed; the subject that asked for it hears of that."""
    said = reporter.said
    identity = f"{channel}/{said.id or said.status}"
    report = reports.Report(
        said.effect,
        channel,
        said.status,
        identity,
        said.code,
        said.reference,
        reporter.receiver,
        reporter.actor,
    )
    answers = await brought(context_of(request), report)
    status, subject = (answers[0].status, answers[0].subject) if answers else ("known", None)
    return JsonAnswer({"status": status, "subject": subject}, status_code=202)
