"""Who looks at pages with a browser: people by the session that they have signed in to, programs by a key.

A program may send its API key as the password of HTTP Basic (RFC 7617), the user name being free, or as a
bearer token. A browser sends a cookie, or what it knows of Basic, with whatever another site makes it send,
too. So what changes anything must come from a page of ours, as the browser itself says, and hold a token that
stands in the page's own form and that no other site can read.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from state_machines.values.durations import parse_duration
from workflow.access import sessions
from workflow.access.people import Person
from workflow.access.principal import Principal
from workflow.access.role import AT_DESK, EVERYBODY, OPERATING, Role
from workflow.access.sessions import Limits, Session
from workflow.api.context import context_of
from workflow.api.http.accountability import remember_holder
from workflow.api.http.bearer import known_key, permit
from workflow.api.http.known_parameters import refuse_unknown_parameters
from workflow.api.http.masked_token import unmasked
from workflow.api.http.origins import refuse_other_sites
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.request_body import MOST_BYTES, read_form
from workflow.api.http.session_cookie import token_in
from workflow.clock import real_time
from workflow.engine.runtime import Runtime
from workflow.settings import Settings
from workflow.store.secrets import secret

_basic = HTTPBasic(auto_error=False, realm="makegood", description="Any user name; the API key as password.")
_bearer = HTTPBearer(auto_error=False)
BY_ITSELF = "makegood-by-itself"
"""The header of requests that an open page makes by itself: a session does not last for longer by them."""
TOKEN = "token"
"""The field of a form in which its token stands."""
_MOST_FIELDS = 60
_SIGNED_IN = "makegood_signed_in"
_SHOWN = "makegood_shown"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody by their session.

    Attributes:
        holder: as whom they speak.
        form_token: what a form holds that was shown to them in this session.
    """

    session: Session
    person: Person
    holder: Principal
    form_token: str


def limits_of(settings: Settings) -> Limits:
    """How long sessions of this installation last."""
    return Limits(parse_duration(settings.session_idle), parse_duration(settings.session_length))


def people_now(request: Request) -> datetime:
    """The instant by which sessions and links last, UTC: real time, in a sandbox too."""
    return real_time(context_of(request).runtime.clock).now()


async def signed_in(request: Request) -> SignedIn | None:
    """Who has signed in with this browser; None: nobody, or their session is over."""
    if _SIGNED_IN in request.scope:
        known: SignedIn | None = request.scope[_SIGNED_IN]
        return known
    runtime = context_of(request).runtime
    token = token_in(request, runtime.settings.public_url)
    found = None
    if token is not None:
        now, limits = people_now(request), limits_of(runtime.settings)
        used = not asks_by_itself(request)
        find = partial(sessions.find, runtime.store, token, now, limits, used=used)
        known_session = await run_in_threadpool(find)
        if known_session is not None and used:  # before anything of the page is read
            request.scope[_SHOWN] = await run_in_threadpool(context_of(request).feed.newest)
        if known_session is not None:
            session, person = known_session
            form = sha256(f"form/{token}".encode()).hexdigest()
            found = SignedIn(session, person, person.principal(session.id, session.created_at), form)
    request.scope[_SIGNED_IN] = found
    return found


def asks_by_itself(request: Request) -> bool:
    """Whether an open page asks, and not the person before it: it has said so, or it (re)opens a stream."""
    return BY_ITSELF in request.headers or request.headers.get("accept") == "text/event-stream"


def remembered(request: Request) -> SignedIn | None:
    """The same as far as it was asked before; asks nobody."""
    known: SignedIn | None = request.scope.get(_SIGNED_IN)
    return known


def shown_row(request: Request) -> int | None:
    """The row of the ledger up to which a page that answers this request shows everything; None: not known.

    It was asked for before anything else was, so what was decided meanwhile may be on the page, too.
    """
    row: int | None = request.scope.get(_SHOWN)
    return row


async def browser_reader(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    basic: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
) -> Principal:
    """Who looks: by a key, or by their session. Raises Refusal (401): a browser is led to sign in then."""
    context = context_of(request)
    text = bearer.credentials if bearer is not None else basic.password if basic is not None else None
    if text is not None:
        holder = await known_key(context.keyring, context.key_bounds, text, request.client)
        refuse_unknown_parameters(request)
        request.scope[_SIGNED_IN] = None  # what it may is what its key says, whatever cookie comes along
    else:
        found = await signed_in(request)
        if found is None:
            raise Refusal.of(
                Kind.UNAUTHENTICATED,
                "authorization",
                "required",
                "sign in at /sign-in; or send 'Authorization: Bearer <key>', or any user name with the key as"
                " password",
                WWW_Authenticate='Basic realm="makegood", charset="UTF-8"',
            )
        holder = context.key_bounds.use(found.holder)
    remember_holder(request.scope, holder)
    return holder


def form_token(runtime: Runtime, holder: Principal) -> str:
    """What a form of ours holds for a program that looks at it with this key: nobody else is shown it."""
    key = secret(runtime.store, "forms", runtime.clock.now())
    return hmac.new(key, holder.id.encode(), sha256).hexdigest()


def browser_with(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: whoever looks, whose role is one of these. Raises Refusal (401, 403)."""

    async def permitted(holder: Annotated[Principal, Depends(browser_reader)]) -> Principal:
        permit(holder, *roles)
        return holder

    return permitted


def form_by(
    *roles: Role, most: int = MOST_BYTES
) -> Callable[[Request, Principal], Awaitable[dict[str, str]]]:
    """A dependency: the fields of a form that somebody of these roles has sent from a page of ours, by name.

    It has `most` bytes as it is sent.

    Raises Refusal: 401 without key or session, 403 for another's, from another site, or where the form's
    token is not theirs.
    """

    async def fields(
        request: Request, holder: Annotated[Principal, Depends(browser_reader)]
    ) -> dict[str, str]:
        permit(holder, *roles)
        runtime = context_of(request).runtime
        refuse_other_sites(request.headers, runtime.settings.public_url)
        said = dict(await read_form(request, _MOST_FIELDS, most))
        found = await signed_in(request)
        expected = found.form_token if found else await run_in_threadpool(form_token, runtime, holder)
        if not hmac.compare_digest(unmasked(said.pop(TOKEN, "")).encode(), expected.encode()):
            message = "this form does not come from a page that was shown to you: open the page again"
            raise Refusal.of(Kind.FORBIDDEN, "body.token", "form", message)
        return said

    return fields


async def whole_reader(holder: Annotated[Principal, Depends(browser_reader)]) -> Principal:
    """Whoever may read all of the product. Raises Refusal (401, 403)."""
    if holder.bounds.readable() is not None:
        message = "this shows subjects of every lifecycle, which this key may not read"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", message)
    return holder


async def case_reader(holder: Annotated[Principal, Depends(browser_reader)]) -> Principal:
    """Whoever may read cases. Raises Refusal (401, 403)."""
    if not holder.bounds.may_read("case"):
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", "this key may not read cases")
    return holder


async def person_signed_in(request: Request, _: Annotated[Principal, Depends(browser_reader)]) -> SignedIn:
    """Somebody by their session, and no key. Raises Refusal (401, 403)."""
    found = await signed_in(request)
    if found is None:
        message = "this is about a session of one's own, which a key has none of"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "person", message)
    return found


BrowserReader = Annotated[Principal, Depends(whole_reader)]
"""Whoever may read all of the product, by session or key."""
BrowserHolder = Annotated[Principal, Depends(browser_reader)]
"""Whoever has signed in, or has a key: what is asked besides says who may."""
CaseReader = Annotated[Principal, Depends(case_reader)]
"""Whoever may read cases, by session or key."""
BrowserAtDesk = Annotated[Principal, Depends(browser_with(*AT_DESK))]
"""Whoever may act at the desk, by session or key."""
BrowserOperator = Annotated[Principal, Depends(browser_with(*OPERATING))]
"""Whoever runs the installation, by session or key."""
Me = Annotated[SignedIn, Depends(person_signed_in)]
"""Somebody who has signed in."""
AnyForm = Annotated[dict[str, str], Depends(form_by(*EVERYBODY))]
"""What anybody has sent by a form of ours: its fields by name, without its token."""
DeskForm = Annotated[dict[str, str], Depends(form_by(*AT_DESK))]
"""The same of somebody of the desk."""
OperatorsForm = Annotated[dict[str, str], Depends(form_by(*OPERATING))]
"""The same of an operator."""
OperatorsLongForm = Annotated[dict[str, str], Depends(form_by(*OPERATING, most=1024 * 1024))]
"""The same where it holds whole files."""
AdminsForm = Annotated[dict[str, str], Depends(form_by(Role.ADMIN))]
"""The same of an admin."""
