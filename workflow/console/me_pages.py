"""One's own page: ``/admin/me``, with sessions, bells, passkeys, language, clock, keys and password."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import bells, invitations, passkeys, people, sessions
from workflow.access.attempts import TooManyAttempts, WrongPassword, attempt
from workflow.api.browser import AnyForm, Me, SignedIn, limits_of, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.console.form_values import text_in
from workflow.console.passkey_site import named_instead, site_of
from workflow.console.rendering import page, see_other
from workflow.errors import InvalidQuery

router = LateRouter(include_in_schema=False)
PLACE = "/admin/me"
_JUST_NOW = timedelta(minutes=10)


@router.get(PLACE)
def me_page(request: Request, me: Me) -> Response:
    """Who I am here, where I am signed in, and how pages speak to me."""
    return my_page(request, me, {}, [], 200)


@router.post(f"{PLACE}/settings")
async def save_settings(request: Request, me: Me, said: AnyForm) -> Response:
    """Keep name, language, clock, and whether keys do something."""
    store = context_of(request).runtime.store
    values = {
        "name": text_in(said, "name") or "",
        "language": text_in(said, "language"),
        "zone": text_in(said, "zone"),
        "shortcuts": said.get("shortcuts") == "yes",
    }
    try:
        await run_in_threadpool(people.change, store, me.person.address, **values)
    except InvalidQuery as error:
        return await run_in_threadpool(my_page, request, me, said, error.problems, 422)
    return see_other(PLACE, done="settings_saved")


@router.post(f"{PLACE}/sessions/end")
async def end_sessions(request: Request, me: Me, said: AnyForm) -> Response:
    """End one of my sessions, or all but this one. Raises NotFound for what is none of mine."""
    store, now = context_of(request).runtime.store, people_now(request)
    id = text_in(said, "session")
    if id is None:
        await run_in_threadpool(_end_others, request, me)
        return see_other(PLACE, done="sessions_ended")
    await run_in_threadpool(sessions.end, store, me.person, id, now)
    return see_other(PLACE, done="session_ended")


@router.post(f"{PLACE}/password")
async def change_password(request: Request, me: Me, said: AnyForm) -> Response:
    """Take another password, from whoever knows the present one; all other sessions are over with it."""
    try:
        await run_in_threadpool(_changed_password, request, me, said)
    except (InvalidQuery, WrongPassword, TooManyAttempts) as error:
        problems = (
            error.problems
            if isinstance(error, InvalidQuery)
            else [Problem("present", "wrong", "The present password is wrong, or was wrong too often.")]
        )
        return await run_in_threadpool(my_page, request, me, said, problems, 422)
    return see_other(PLACE, done="password_changed")


def _changed_password(request: Request, me: SignedIn, said: dict[str, str]) -> None:
    store, now = context_of(request).runtime.store, people_now(request)
    attempt(store, me.person.address, said.get("present", ""), now)
    invitations.replace_password(store, me.person, said.get("password", ""), now, but=me.session.id)


def _end_others(request: Request, me: SignedIn) -> None:
    with context_of(request).runtime.store.begin() as transaction:
        sessions.end_all(transaction, me.person.id, people_now(request), but=me.session.id)


def my_page(
    request: Request, me: SignedIn, said: dict[str, str], problems: list[Problem], status: int
) -> Response:
    """One's own page, with what was wrong with what one `said`. Not for the event loop's thread."""
    runtime, site, now = context_of(request).runtime, site_of(request), people_now(request)
    limits = limits_of(runtime.settings)
    options = (
        passkeys.options_to_add(runtime.store, site, me.person, me.session, now) if site is not None else ""
    )
    return page(
        request,
        "me.html",
        at=PLACE,
        status=status,
        mine=me,
        sessions=sessions.listed(runtime.store, me.person, now, limits),
        bells=bells.listed(runtime.store, me.person.id),
        passkeys=passkeys.listed(runtime.store, me.person),
        passkey=options,
        named_instead=named_instead(request),
        sure=signed_in_just_now(request, me),
        said=said,
        problems=problems,
    )


def signed_in_just_now(request: Request, me: SignedIn) -> bool:
    """Whether they have shown so lately who they are that they need not again, to change how they sign in."""
    return people_now(request) - me.session.created_at < _JUST_NOW
