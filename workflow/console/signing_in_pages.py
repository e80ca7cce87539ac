"""Signing in by a password, signing out, and the page behind a link that works once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import invitations, passkeys, sessions
from workflow.access.attempts import TooManyAttempts, WrongPassword, attempt
from workflow.access.audit import REFUSED
from workflow.api.browser import AnyForm, people_now, signed_in
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.origins import refuse_other_sites
from workflow.api.http.request_body import read_form
from workflow.api.http.session_cookie import may_have_cookie, take_back
from workflow.console.entering import Entered, begun, led_in, note, own_path
from workflow.console.passkey_site import site_of
from workflow.console.provider_choice import here, provider_of
from workflow.console.rendering import page, see_other
from workflow.console.success import success_of
from workflow.console.translations import chosen_language, translations
from workflow.errors import InvalidQuery

router = LateRouter(include_in_schema=False)
_MOST_FIELDS = 10


class SignInQuery(BaseModel):
    """Where somebody came from, to be led back."""

    next: str = "/"
    ended: str = ""


@router.get("/sign-in")
async def sign_in_page(request: Request, wanted: Annotated[SignInQuery, Query()]) -> Response:
    """The form; whoever has signed in already is led on."""
    if await signed_in(request) is not None:
        return see_other(own_path(wanted.next))
    return await run_in_threadpool(asked, request, own_path(wanted.next), ended=bool(wanted.ended))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session: always a new one, with a new token."""
    context = context_of(request)
    refuse_other_sites(request.headers, context.runtime.settings.public_url)
    said = dict(await read_form(request, _MOST_FIELDS))
    following, address = own_path(said.get("next", "/")), said.get("address", "")[:300]
    if not may_have_cookie(request, context.runtime.settings.public_url):
        return await run_in_threadpool(asked, request, following, status=403)
    context.key_bounds.use_address(request.client)
    say = translations(chosen_language(request.headers.get("accept-language"), None)).gettext
    try:
        entered = await run_in_threadpool(_enter, request, address, said.get("password", ""))
    except WrongPassword:
        note(request, address, REFUSED, "password")
        wrong = say("Address or password is wrong.")
        return await run_in_threadpool(asked, request, following, address=address, wrong=wrong, status=422)
    except TooManyAttempts as error:
        note(request, address, REFUSED, "attempts")
        wrong = say("Too many wrong passwords: try again in %(seconds)s seconds.") % {
            "seconds": error.seconds
        }
        answer = await run_in_threadpool(asked, request, following, address=address, wrong=wrong, status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    return led_in(request, entered, following)


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
    said = dict(await read_form(request, _MOST_FIELDS))
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
    return led_in(request, begun(request, person), "/", done="welcome")


def asked(
    request: Request,
    following: str,
    *,
    address: str = "",
    wrong: str = "",
    ended: bool = False,
    status: int = 200,
) -> Response:
    """The page on which somebody signs in, with what was wrong so far. Not for the event loop's thread."""
    runtime, site = context_of(request).runtime, site_of(request)
    provider, left = provider_of(runtime.settings), success_of(request) == "signed_out"
    return page(
        request,
        "sign_in.html",
        status=status,
        following=following,
        address=address,
        problems=[Problem("address", "wrong", wrong)] if wrong else [],
        ended=ended,
        may=may_have_cookie(request, runtime.settings.public_url),
        sign_on=runtime.settings.sign_on_name if provider else "",
        sign_out_there=provider.sign_out_address(f"{here(request)}/sign-in") if provider and left else None,
        passkey=passkeys.options_to_sign_in(runtime.store, site, people_now(request)) if site else "",
    )


def _enter(request: Request, address: str, password: str) -> Entered:
    person = attempt(context_of(request).runtime.store, address, password, people_now(request))
    return begun(request, person)
