"""Signing in and out, and the page behind a link that works once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import invitations, sessions
from workflow.access.attempts import TooManyAttempts, WrongPassword, attempt
from workflow.access.audit import DONE, REFUSED, AuditEntry
from workflow.access.people import Person, address_of
from workflow.access.sessions import Session
from workflow.api.browser import AnyForm, limits_of, people_now, signed_in
from workflow.api.context import context_of
from workflow.api.http.client_address import address_of as network_of
from workflow.api.http.origins import refuse_other_sites
from workflow.api.http.request_body import read_form
from workflow.api.http.session_cookie import give, may_have_cookie, take_back, token_in
from workflow.console.rendering import page, see_other
from workflow.console.translations import chosen_language, translations
from workflow.errors import InvalidQuery

router = APIRouter(include_in_schema=False)
_MOST_FIELDS = 10
_LONGEST_PATH = 1_000


class SignInQuery(BaseModel):
    """Where somebody came from, to be led back."""

    next: str = "/"
    ended: str = ""


@dataclass(frozen=True, slots=True)
class _Entered:
    """Somebody has signed in: their session and its token."""

    person: Person
    session: Session
    token: str


@router.get("/sign-in")
async def sign_in_page(request: Request, wanted: Annotated[SignInQuery, Query()]) -> Response:
    """The form; whoever has signed in already is led on."""
    if await signed_in(request) is not None:
        return see_other(_own_path(wanted.next))
    return await run_in_threadpool(_asked, request, _own_path(wanted.next), ended=bool(wanted.ended))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session: always a new one, with a new token."""
    context = context_of(request)
    refuse_other_sites(request.headers, context.runtime.settings.public_url)
    said = dict(await read_form(request, _MOST_FIELDS) or ())
    following, address = _own_path(said.get("next", "/")), said.get("address", "")[:300]
    if not may_have_cookie(request, context.runtime.settings.public_url):
        return await run_in_threadpool(_asked, request, following, status=403)
    context.key_bounds.use_address(request.client)
    say = translations(chosen_language(request.headers.get("accept-language"), None)).gettext
    try:
        entered = await run_in_threadpool(_enter, request, address, said.get("password", ""))
    except WrongPassword:
        _note(request, address, REFUSED, "password")
        wrong = say("Address or password is wrong.")
        return await run_in_threadpool(_asked, request, following, address=address, wrong=wrong, status=422)
    except TooManyAttempts as error:
        _note(request, address, REFUSED, "attempts")
        wrong = say("Too many wrong passwords: try again in %(seconds)s seconds.") % {
            "seconds": error.seconds
        }
        answer = await run_in_threadpool(_asked, request, following, address=address, wrong=wrong, status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    return _led_in(request, entered, following)


@router.post("/sign-out")
async def sign_out(request: Request, _: AnyForm) -> Response:
    """End the session, here and in SQL."""
    found = await signed_in(request)
    store = context_of(request).runtime.store
    if found is not None:
        await run_in_threadpool(sessions.end, store, found.person, found.session.id, people_now(request))
    answer = see_other("/sign-in", done="signed_out")
    take_back(answer, request, context_of(request).runtime.settings.public_url)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@router.get("/welcome/{token}")
def welcome_page(request: Request, token: str) -> Response:
    """What somebody with a link is asked. Raises NotFound where it opens nothing (any more)."""
    store = context_of(request).runtime.store
    person = invitations.invited(store, token, people_now(request))
    return page(request, "welcome.html", person=person, given={}, problems=[])


@router.post("/welcome/{token}")
async def welcome(request: Request, token: str) -> Response:
    """Take the password that somebody chose, and sign them in."""
    context = context_of(request)
    refuse_other_sites(request.headers, context.runtime.settings.public_url)
    context.key_bounds.use_address(request.client)
    said = dict(await read_form(request, _MOST_FIELDS) or ())
    return await run_in_threadpool(_welcomed, request, token, said)


def _welcomed(request: Request, token: str, said: dict[str, str]) -> Response:
    store, now = context_of(request).runtime.store, people_now(request)
    password = said.get("password", "")
    person = invitations.invited(store, token, now)
    language = chosen_language(request.headers.get("accept-language"), None)
    try:
        if person is None:
            address, name = said.get("address", ""), said.get("name", "")
            person = invitations.set_up(store, token, address, name, password, None, now)
        else:
            person = invitations.choose(store, token, password, now)
    except InvalidQuery as error:
        say = translations(language).gettext
        problems = [Problem(one.field, one.rule, say(one.message)) for one in error.problems]
        return page(request, "welcome.html", status=422, person=person, given=said, problems=problems)
    return _led_in(request, _begun(request, person), "/", done="welcome")


def _asked(
    request: Request,
    following: str,
    *,
    address: str = "",
    wrong: str = "",
    ended: bool = False,
    status: int = 200,
) -> Response:
    public_url = context_of(request).runtime.settings.public_url
    return page(
        request,
        "sign_in.html",
        status=status,
        following=following,
        address=address,
        problems=[Problem("address", "wrong", wrong)] if wrong else [],
        ended=ended,
        may=may_have_cookie(request, public_url),
    )


def _enter(request: Request, address: str, password: str) -> _Entered:
    person = attempt(context_of(request).runtime.store, address, password, people_now(request))
    return _begun(request, person)


def _begun(request: Request, person: Person) -> _Entered:
    runtime = context_of(request).runtime
    client = request.client.host if request.client else None
    browser = request.headers.get("user-agent", "")
    former = token_in(request, runtime.settings.public_url)
    with runtime.store.begin() as transaction:
        if former is not None:
            sessions.end_token(transaction, former, people_now(request))
        session, token = sessions.begin(
            transaction, person, people_now(request), limits_of(runtime.settings), client, browser
        )
    return _Entered(person, session, token)


def _led_in(request: Request, entered: _Entered, path: str, done: str | None = None) -> Response:
    context = context_of(request)
    _note(request, entered.person.address, DONE, None, entered.session.id)
    answer = see_other(path, done=done)
    give(answer, request, entered.token, context.runtime.settings.public_url)
    return answer


def _note(
    request: Request, address: str, outcome: str, reason: str | None, session: str | None = None
) -> None:
    """In the audit log: who signed in, or as whom somebody tried to."""
    context = context_of(request)
    actor = f"person:{address}" if outcome == DONE else None
    client = network_of(request.client) or None
    at = context.runtime.clock.now()
    context.audit.note(
        AuditEntry(at, actor, session, "sign in", address_of(address), outcome, reason, client)
    )


def _own_path(text: str) -> str:
    """A path of this site; anything else is the first page."""
    fits = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= _LONGEST_PATH
    return text if fits and text.isprintable() and "\\" not in text else "/"
