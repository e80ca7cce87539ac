"""What other systems post in words of their own: ``POST /v1/hooks/{route}``, signed as their route says."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.access.principal import Principal
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.body import size_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, Refusal, busy, described
from workflow.api.http.request_body import read_whole
from workflow.hooks.message import Message
from workflow.hooks.open_routes import OpenRoute
from workflow.hooks.reading import Unreadable
from workflow.hooks.receiving import Received, receive, speaker
from workflow.hooks.route import Route
from workflow.hooks.signing import Unsigned, check_signature, secret_in, shown_by
from workflow.hooks.unmapped import NoRoom

router = LateRouter(prefix="/v1", tags=["routes in"])

_NOTHING_MORE = "<Response/>"
_FULL_SECONDS = 50
"""After which a sender may try again where nothing more can be kept. Some try again only if it is under a
minute."""

RouteName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="The name of the route.")]


class ReceivedEvent(BaseModel):
    """An event that a message became."""

    source: str
    id: str
    subject: str
    status: str = Field(description="`accepted`, or `duplicate` when it was known.")


class ReceivedMessage(BaseModel):
    """What became of a message."""

    status: str = Field(
        description="`accepted`; `duplicate`: all of its events were known; `ignored`: its route says that "
        "nothing comes of it; `kept`: it became no events and is kept to be looked at."
    )
    case: str | None = Field(description="The case of the route that fits.")
    events: list[ReceivedEvent]
    kept: int | None = Field(description="Its id among the unmapped.")
    reason: str | None = Field(description="Why it was kept, in a word, or why it is ignored.")


_BODY = {
    "requestBody": {
        "required": True,
        "description": "Whatever the system posts; the route says how it is read.",
        "content": {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "additionalProperties": True}},
            "message/rfc822": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/hooks/{route}",
    summary="Take a webhook, or a mail, of another system",
    status_code=202,
    response_model=ReceivedMessage,
    responses=described(
        Kind.MALFORMED, Kind.UNAUTHENTICATED, Kind.NOT_FOUND, Kind.TIMEOUT, Kind.TOO_LARGE,
        Kind.MEDIA_TYPE, Kind.INVALID, Kind.BUSY, Kind.UNAVAILABLE,
    ),
    openapi_extra=_BODY,
)  # fmt: skip
async def post_hook(request: Request, route: RouteName) -> Response:
    """It must bring the signature, or the secret, of its route; then it is taken whatever it says.

    What no case of the route fits, or what fails, is kept and can be mapped again (`/v1/hooks/unmapped`).
    """
    context = context_of(request)
    one = _open(context, route)
    settings = context.runtime.settings
    most = settings.mail_bytes if one.route.form.body == "mail" else settings.route_bytes
    context.backpressure.check()
    size = size_of(dict(request.scope["headers"]).get(b"content-length"), most)
    context.hook_limiter.acquire(size)
    try:
        message = _message(request, one, await read_whole(request, most))
        await _admit(context, request, one, message)
        received = await run_in_threadpool(_received, context, one.route, message)
    finally:
        context.hook_limiter.release(size)
    context.meters.message(route, received.status)
    return _answer(one.route, received)


def view_of(received: Received) -> dict[str, Any]:
    """What became of a message, as `ReceivedMessage` says it."""
    return {
        "status": received.status,
        "case": received.case,
        "events": [
            {"source": each.source, "id": each.event_id, "subject": each.subject, "status": each.status}
            for each in received.acceptances
        ],
        "kept": received.kept,
        "reason": received.reason,
    }


def wake(context: ApiContext, received: Received) -> None:
    """Have the events of a message applied soon."""
    fresh = [one.subject for one in received.acceptances if one.status == "accepted"]
    if fresh:
        context.wake(fresh)


def _open(context: ApiContext, name: str) -> OpenRoute:
    found = context.routes.get(name)
    if found is None:
        message = f"there is no route {name!r} here that has a secret (MAKEGOOD_ROUTE_SECRETS)"
        raise Refusal.of(Kind.NOT_FOUND, "path", "route", message)
    return found


def _message(request: Request, one: OpenRoute, body: bytes) -> Message:
    """The message of a request. What shows its secret is taken out of the address, which is written to
    logs."""
    headers = {name: text for name, text in reversed(request.headers.items())}
    query = {name: text for name, text in reversed(request.query_params.multi_items())}
    public_url = context_of(request).runtime.settings.public_url
    asked = request.scope["query_string"].decode("latin-1")
    url = f"{public_url or ''}{request.scope['path']}" + (f"?{asked}" if asked else "")
    if shown_by(one.route.form.signed)[1]:
        request.scope["query_string"] = b""
    now = context_of(request).runtime.clock.now()
    return Message(one.route.name, headers, query, body, now, url)


async def _admit(context: ApiContext, request: Request, one: OpenRoute, message: Message) -> None:
    """Raises Refusal: 401 unless the message shows that it is its sender's, 400 or 415 where what its sender
    would have signed cannot be read, and 429 after too many wrong secrets."""
    rule = one.route.form.signed
    wrong: list[Unsigned] = []

    async def verify(_: str) -> Principal | None:
        try:
            await run_in_threadpool(check_signature, rule, one.secrets, message, message.received_at)
        except Unsigned as error:
            wrong.append(error)
            return None
        return speaker(one.route)

    secret = secret_in(rule, message)
    if secret is None:
        try:
            await verify("")
        except Unreadable as unreadable:
            context.meters.message(one.route.name, "unsigned")
            problem = unreadable.problem
            kind = Kind.MEDIA_TYPE if problem.field == "content-type" else Kind.MALFORMED
            raise Refusal(kind, [problem]) from None
    else:  # it can be guessed, one after another
        await context.key_bounds.verified(f"{one.route.name}:{secret}", request.client, verify)
    if wrong:
        context.meters.message(one.route.name, "unsigned")
        error = wrong[0]
        raise Refusal.of(Kind.UNAUTHENTICATED, error.field, error.rule, error.message)


def _received(context: ApiContext, route: Route, message: Message) -> Received:
    """In a thread: what is mapped and stored takes its time."""
    settings, engine = context.runtime.settings, context.runtime.engine
    plain = message.without(*shown_by(route.form.signed))
    try:
        received = receive(engine, route, plain, settings.unmapped_bytes)
    except NoRoom as error:
        raise busy("unmapped", str(error), retry_after=_FULL_SECONDS) from None
    wake(context, received)
    return received


def _answer(route: Route, received: Received) -> Response:
    """In the form that its sender reads, if it reads any."""
    match route.form.answer:
        case "twiml":
            return Response(_NOTHING_MORE, media_type="text/xml")
        case "empty":
            return Response(status_code=200)
    return JsonAnswer(view_of(received), status_code=202)
