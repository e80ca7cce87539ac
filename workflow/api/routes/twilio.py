"""What Twilio asks and tells us: delivery reports, and whether an agent is there to be connected.

Twilio presents no key; it signs what it says with the account's auth token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.api.context import ApiContext, context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, Refusal, described
from workflow.api.http.request_body import read_form
from workflow.api.routes.report_acceptance import brought
from workflow.recovery.reports import Report, Status
from workflow.recovery.telephony import twilio
from workflow.recovery.telephony.calls import customer_to_connect

_ACTOR = "provider:twilio"
"""How the ledger names whoever reports with Twilio's signature."""

router = LateRouter(tags=["reports"])

_MOST_FIELDS = 200
Form = Mapping[str, str]
Effect = Annotated[str, Query(min_length=1, max_length=300, description="Idempotency key of the notice.")]

MESSAGE = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Status.ACCEPTED),
    **dict.fromkeys(("delivered", "read"), Status.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Status.FAILED),
}
"""Twilio's MessageStatus."""
CUSTOMER_LEG = {
    "completed": (Status.DELIVERED, "connected"),
    "answered": (Status.DELIVERED, "connected"),
    "busy": (Status.FAILED, "busy"),
    "no-answer": (Status.FAILED, "no_answer"),
    "failed": (Status.FAILED, "failed"),
    "canceled": (Status.FAILED, "failed"),
}
"""Twilio's DialCallStatus: the customer's part of a call."""
AGENT_LEG = {
    "completed": (Status.ENDED, "agent_no_answer"),
    **dict.fromkeys(("busy", "no-answer", "failed", "canceled"), (Status.FAILED, "agent_no_answer")),
}
"""Twilio's CallStatus of the agent's part. It is completed when a mailbox has answered as well."""


async def genuine_form(request: Request) -> Form:
    """The form that Twilio posted. Raises Refusal: 403 unless its signature is Twilio's, 400 for no form."""
    settings = context_of(request).runtime.settings
    if settings.public_url is None or settings.twilio_auth_token is None:
        raise Refusal.of(Kind.NOT_FOUND, "path", "twilio", "Twilio is not set up here")
    pairs = await read_form(request, _MOST_FIELDS)
    query = request.scope["query_string"].decode("latin-1")
    url = f"{settings.public_url}{request.scope['path']}" + (f"?{query}" if query else "")
    signed = request.headers.get("x-twilio-signature", "")
    if not twilio.is_genuine(settings.twilio_auth_token.get_secret_value(), url, pairs, signed):
        message = "is not Twilio's for this URL and form; is MAKEGOOD_PUBLIC_URL the one that Twilio calls?"
        raise Refusal.of(Kind.FORBIDDEN, "x-twilio-signature", "signature", message)
    return dict(pairs)


Genuine = Annotated[Form, Depends(genuine_form)]
_ANSWERS = described(
    Kind.MALFORMED,
    Kind.FORBIDDEN,
    Kind.NOT_FOUND,
    Kind.TOO_LARGE,
    Kind.MEDIA_TYPE,
    Kind.INVALID,
    Kind.UNAVAILABLE,
)


@router.post(twilio.REPORTS, summary="Twilio reports on a message or a call", responses=_ANSWERS)
async def report(
    request: Request,
    form: Genuine,
    effect: Effect,
    leg: Annotated[str | None, Query(max_length=20, description="Part of a call.")] = None,
) -> Response:
    """A status callback, or what became of `<Dial>`. What says nothing new is taken and passed over."""
    said = _report(effect, form, leg)
    if said is not None:
        await brought(context_of(request), said)
    return _twiml(twilio.NOTHING_MORE)


@router.post(twilio.CONNECT, summary="Twilio asks whom to connect an agent with", responses=_ANSWERS)
async def connect(request: Request, form: Genuine, effect: Effect) -> Response:
    """The customer's number, if a person has pressed the key and the call is still needed."""
    context = context_of(request)
    if not twilio.agrees(form.get("Digits", "")):
        return _twiml(twilio.NOTHING_MORE)
    runtime = context.runtime
    customer = await run_in_threadpool(customer_to_connect, runtime.store, effect, runtime.clock.now())
    if customer is None:
        return _twiml(twilio.no_longer_needed())
    sid = form.get("CallSid", "")
    await brought(
        context, Report(effect, "dial", Status.ACCEPTED, f"{sid}/agent", "ringing", sid, actor=_ACTOR)
    )
    return _twiml(_connection(context, customer, effect))


def _connection(context: ApiContext, customer: str, effect: str) -> str:
    settings = context.runtime.settings
    assert settings.public_url is not None
    report_to = twilio.report_address(settings.public_url, effect, twilio.CUSTOMER_LEG)
    return twilio.connect_customer(customer, settings.twilio_from or "", report_to)


def _report(effect: str, form: Form, leg: str | None) -> Report | None:
    """What a callback says; None when it says nothing that we need."""
    if "MessageStatus" in form:
        status = MESSAGE.get(form["MessageStatus"])
        if status is None:
            return None
        sid = form.get("MessageSid", "")
        identity = f"{sid}/{form['MessageStatus']}"
        return Report(effect, None, status, identity, form.get("ErrorCode") or None, sid, actor=_ACTOR)
    words, statuses = (
        ("DialCallStatus", CUSTOMER_LEG) if leg == twilio.CUSTOMER_LEG else ("CallStatus", AGENT_LEG)
    )
    found = statuses.get(form.get(words, ""))
    if found is None:
        return None
    sid = form.get("CallSid", "")
    return Report(
        effect, "dial", found[0], f"{sid}/{leg or 'agent'}/{form[words]}", found[1], sid, actor=_ACTOR
    )


def _twiml(document: str) -> Response:
    return Response(document, media_type=twilio.MEDIA_TYPE)
