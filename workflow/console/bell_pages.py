"""Bells: a browser is told, while no page is open there, that somebody waits; asked for by one press."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import bells
from workflow.access.bells import PushAddress
from workflow.api.browser import AnyForm, Me, SignedIn, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.console.assets import assets
from workflow.console.form_values import text_in
from workflow.console.me_pages import PLACE
from workflow.console.rendering import see_other
from workflow.console.viewer import viewer_of
from workflow.errors import InvalidQuery, NotFound
from workflow.recovery.bells import BellWish, heard, push_keys, remove, switch_on
from workflow.recovery.contact.push_keys import WrongPushKey, checked_keys
from workflow.subscriptions.checking import LONGEST_URL, check_url
from workflow.subscriptions.networks import networks_of

router = LateRouter(include_in_schema=False)
WORKER = "/bell-worker.js"
"""Where the service worker is: at the root, so that all pages are its."""
_NETWORKS = "MAKEGOOD_PUSH_NETWORKS"
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_WORKER_HEADERS = {
    # A browser looks for a new one by itself, and each time that somebody switches a bell on.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@router.get(WORKER)
def bell_worker(request: Request) -> Response:
    """The service worker: it shows what a bell says, and opens a page when that is pressed; nothing else."""
    found = assets()["bell-worker.js"]
    tag = f'"{found.digest}"'
    headers = _WORKER_HEADERS | {"ETag": tag}
    if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)


@router.post("/bells")
async def switch_bell_on(request: Request, me: Me, said: AnyForm) -> Response:
    """Have a bell in this browser; the same again changes its quiet hours. Raises InvalidQuery, NotFound."""
    await run_in_threadpool(_switched_on, request, me, said)
    return Response(status_code=204)


@router.post("/bells/off")
async def switch_bell_off(request: Request, me: Me, said: AnyForm) -> Response:
    """This browser's bell rings no more, if it has one."""
    await run_in_threadpool(_switched_off, request, me, said)
    return Response(status_code=204)


@router.post("/bells/heard")
async def hear_bells(request: Request, me: Me, said: AnyForm) -> Response:
    """I have heard that somebody waits: all of my bells are quiet until somebody else does."""
    context = context_of(request)
    context.wake(await run_in_threadpool(heard, context.runtime.engine, me.person))
    return Response(status_code=204)


@router.post(f"{PLACE}/bells/remove")
async def remove_bell(request: Request, me: Me, said: AnyForm) -> Response:
    """One of my bells rings no more. Raises NotFound for what is none of mine."""
    engine = context_of(request).runtime.engine
    await run_in_threadpool(remove, engine, me.person, text_in(said, "bell") or "")
    return see_other(PLACE, done="bell_removed")


def _switched_on(request: Request, me: SignedIn, said: dict[str, str]) -> None:
    context, viewer = context_of(request), viewer_of(request)
    settings, engine = context.runtime.settings, context.runtime.engine
    if settings.push_contact is None:
        raise NotFound("bell: there are none here, since MAKEGOOD_PUSH_CONTACT is not set")
    address = PushAddress(said.get("endpoint", ""), said.get("public_key", ""), said.get("auth", ""))
    quiet = said.get("quiet_from", ""), said.get("quiet_to", "")
    networks = networks_of(settings.push_networks, _NETWORKS)
    problems = [
        *check_url(address.endpoint, networks, "endpoint", _NETWORKS),
        *_of_length(address.endpoint),
        *_of_keys(address),
        *_of_hours(quiet),
    ]
    if problems:
        raise InvalidQuery(problems)
    wish = BellWish(
        address=address,
        server_key=push_keys(engine.store, people_now(request)).public,
        browser=request.headers.get("user-agent", ""),
        quiet=quiet if all(quiet) and quiet[0] != quiet[1] else None,
        zone=viewer.zone,
        language=viewer.language,
    )
    key = switch_on(engine, me.person, me.session.id, wish)
    if key is not None:
        context.wake([key])


def _switched_off(request: Request, me: SignedIn, said: dict[str, str]) -> None:
    engine = context_of(request).runtime.engine
    known = bells.at_address(engine.store, PushAddress(said.get("endpoint", ""), "", ""))
    if known is not None and known.person_id == me.person.id:
        remove(engine, me.person, known.id)


def _of_length(endpoint: str) -> Iterator[Problem]:
    if len(endpoint) > LONGEST_URL:
        yield Problem("endpoint", "length", f"must be {LONGEST_URL} characters at most")


def _of_keys(address: PushAddress) -> Iterator[Problem]:
    try:
        checked_keys(address.public_key, address.auth)
    except WrongPushKey as error:
        yield Problem(error.field, "push-key", "is no key that a browser has given")


def _of_hours(quiet: tuple[str, str]) -> Iterator[Problem]:
    for name, text in zip(("quiet_from", "quiet_to"), quiet, strict=True):
        if text and _TIME.fullmatch(text) is None:
            yield Problem(name, "time", "must be a time of the day such as 20:00")
