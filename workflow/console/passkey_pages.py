"""Passkeys: signing in by one, and adding and removing one's own; `passkey.js` asks the authenticator."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import passkeys
from workflow.access.attempts import TooManyAttempts, WrongPassword, attempt
from workflow.access.audit import REFUSED
from workflow.access.passkeys import Site, WrongPasskey
from workflow.api.browser import AnyForm, Me, SignedIn, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.origins import refuse_other_sites
from workflow.api.http.request_body import read_form
from workflow.console.entering import Entered, begun, led_in, note, own_path
from workflow.console.form_values import text_in
from workflow.console.me_pages import PLACE, my_page, signed_in_just_now
from workflow.console.passkey_site import site_of
from workflow.console.rendering import see_other
from workflow.console.signing_in_pages import asked
from workflow.console.translations import chosen_language, translations
from workflow.errors import InvalidQuery

router = LateRouter(include_in_schema=False)
_MOST_FIELDS = 10


@router.post("/sign-in/passkey")
async def sign_in_by_passkey(request: Request) -> Response:
    """Begin a session of whoever's passkey has answered: always a new one, with a new token."""
    context = context_of(request)
    refuse_other_sites(request.headers, context.runtime.settings.public_url)
    context.key_bounds.use_address(request.client)
    said = dict(await read_form(request, _MOST_FIELDS))
    following = own_path(said.get("next", "/"))
    say = translations(chosen_language(request.headers.get("accept-language"), None)).gettext
    try:
        entered = await run_in_threadpool(_entered, request, said.get("answer", ""))
    except WrongPasskey as error:
        note(request, "", REFUSED, f"passkey-{error.rule}")
        wrong = say("Nobody is known by this passkey here, or the page was open for too long: try again.")
        return await run_in_threadpool(asked, request, following, wrong=wrong, status=422)
    return led_in(request, entered, following)


@router.post(f"{PLACE}/passkeys")
async def add_passkey(request: Request, me: Me, said: AnyForm) -> Response:
    """Keep a passkey that my browser has made."""
    return await run_in_threadpool(_added, request, me, said)


@router.post(f"{PLACE}/passkeys/remove")
async def remove_passkey(request: Request, me: Me, said: AnyForm) -> Response:
    """Forget one of my passkeys. Raises NotFound for what is none of mine."""
    return await run_in_threadpool(_removed, request, me, said)


def _entered(request: Request, answer: str) -> Entered:
    site = site_of(request)
    if site is None:
        raise WrongPasskey("site", "no passkey is for this address")
    person = passkeys.sign_in(context_of(request).runtime.store, site, answer, people_now(request))
    return begun(request, person)


def _added(request: Request, me: SignedIn, said: dict[str, str]) -> Response:
    store, now = context_of(request).runtime.store, people_now(request)
    name, answer = said.get("passkey_name", ""), said.get("answer", "")
    try:
        _be_sure(request, me, said)
        passkeys.add(store, _site(request), me.person, me.session, name, answer, now)
    except InvalidQuery as error:
        return my_page(request, me, said, error.problems, 422)
    return see_other(PLACE, done="passkey_added")


def _removed(request: Request, me: SignedIn, said: dict[str, str]) -> Response:
    try:
        _be_sure(request, me, said)
    except InvalidQuery as error:
        return my_page(request, me, said, error.problems, 422)
    passkeys.remove(context_of(request).runtime.store, me.person, text_in(said, "passkey") or "")
    return see_other(PLACE, done="passkey_removed")


def _be_sure(request: Request, me: SignedIn, said: dict[str, str]) -> None:
    """Whoever finds a browser open must not make themselves a way in. Raises InvalidQuery."""
    if signed_in_just_now(request, me):
        return
    try:
        given = said.get("passkey_password", "")
        attempt(context_of(request).runtime.store, me.person.address, given, people_now(request))
    except (WrongPassword, TooManyAttempts):
        message = "The present password is wrong, or was wrong too often."
        raise InvalidQuery([Problem("passkey_password", "wrong", message)]) from None


def _site(request: Request) -> Site:
    site = site_of(request)
    if site is None:
        message = "Passkeys need HTTPS, or a browser on this machine."
        raise InvalidQuery([Problem("passkey", "site", message)])
    return site
