"""Signing in at an identity provider (OpenID Connect): the way there, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.access import single_sign_on
from workflow.access.audit import REFUSED
from workflow.access.identity_provider import IdentityProvider, ProviderError
from workflow.access.single_sign_on import RolesClaim, WrongSignOn
from workflow.api.browser import people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.origins import refuse_other_sites
from workflow.api.http.request_body import read_form
from workflow.api.http.session_cookie import may_have_cookie
from workflow.api.http.sign_on_cookie import give_sign_on, sign_on_in, take_back_sign_on
from workflow.console.entering import Entered, begun, led_in, note, own_path
from workflow.console.provider_choice import RETURN, here, provider_of
from workflow.console.rendering import page
from workflow.console.signing_in_pages import asked
from workflow.console.translations import chosen_language, translations
from workflow.errors import NotFound

router = LateRouter(include_in_schema=False)
_MOST_FIELDS = 10
_LONGEST = 2_000


class ProviderQuery(BaseModel):
    """What the provider gives a browser to come back with."""

    state: str = ""
    code: str = ""
    iss: str | None = None
    error: str = ""


@router.post("/sign-in/elsewhere")
async def go_to_sign_in(request: Request) -> Response:
    """Lead somebody to the provider, by a page: its policy forbids a form that leads to another site."""
    settings = context_of(request).runtime.settings
    refuse_other_sites(request.headers, settings.public_url)
    context_of(request).key_bounds.use_address(request.client)
    said = dict(await read_form(request, _MOST_FIELDS))
    path = own_path(said.get("next", "/"))
    if not may_have_cookie(request, settings.public_url):
        return await run_in_threadpool(asked, request, path, status=403)
    return await run_in_threadpool(_led_there, request, path)


@router.get(RETURN)
async def come_back(request: Request, given: Annotated[ProviderQuery, Query()]) -> Response:
    """Begin a session of whom the provider names: in the browser that went there, once."""
    context = context_of(request)
    context.key_bounds.use_address(request.client)
    try:
        entered, path = await run_in_threadpool(_entered, request, given)
    except (WrongSignOn, ProviderError) as error:
        address = error.address if isinstance(error, WrongSignOn) else ""
        note(request, address, REFUSED, f"sign-on-{error.rule}")
        answer = await run_in_threadpool(asked, request, "/", wrong=_said(request, error.rule), status=422)
    else:
        answer = led_in(request, entered, path)
    take_back_sign_on(answer, request, context.runtime.settings.public_url)
    return answer


def _provider(request: Request) -> IdentityProvider:
    found = provider_of(context_of(request).runtime.settings)
    if found is None:
        raise NotFound("sign-in: this installation has no identity provider")
    return found


def _led_there(request: Request, path: str) -> Response:
    runtime, provider = context_of(request).runtime, _provider(request)
    started = single_sign_on.begin(runtime.store, path, people_now(request))
    try:
        place = provider.address(f"{here(request)}{RETURN}", started.state, started.nonce, started.verifier)
    except ProviderError as error:
        note(request, "", REFUSED, f"sign-on-{error.rule}")
        return asked(request, path, wrong=_said(request, error.rule), status=502)
    answer = page(request, "sign_on.html", place=place, provider=runtime.settings.sign_on_name)
    seconds = int(single_sign_on.HOLDS.total_seconds())
    give_sign_on(answer, request, started.browser, seconds, runtime.settings.public_url)
    return answer


def _entered(request: Request, given: ProviderQuery) -> tuple[Entered, str]:
    runtime, provider, now = context_of(request).runtime, _provider(request), people_now(request)
    settings = runtime.settings
    browser = sign_on_in(request, settings.public_url)
    started, path = single_sign_on.take(runtime.store, given.state, browser, now)
    provider.check_issuer(given.iss)
    if given.error or not given.code or len(given.code) > _LONGEST:
        raise ProviderError("denied", "the provider has let nobody in")
    back = f"{here(request)}{RETURN}"
    claims = provider.claims(given.code, back, started.nonce, started.verifier, now)
    wanted = RolesClaim(settings.sign_on_roles_claim, settings.sign_on_roles)
    person = single_sign_on.person_by(runtime.store, provider.client.issuer, claims, wanted, now)
    return begun(request, person), path


def _said(request: Request, rule: str) -> str:
    say = translations(chosen_language(request.headers.get("accept-language"), None)).gettext
    if rule == "state":
        return say("This took too long, or began in another browser: try again.")
    if rule in ("unverified", "uninvited", "taken", "disabled", "person"):
        return say("You are known there, but nobody has let you in here: ask an admin.")
    return say("Signing in there did not work. Try again, or sign in otherwise.")
