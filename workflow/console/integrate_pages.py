"""For whoever connects another system: ``/admin/integrate``, with keys, subscriptions and one's events."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from workflow.access import keys
from workflow.access.bounds import checked_bounds
from workflow.access.principal import Principal
from workflow.access.role import Role
from workflow.api.browser import BrowserOperator, OperatorsForm, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.clock import SANDBOX
from workflow.console.form_values import text_in
from workflow.console.lengths import read_length
from workflow.console.rendering import page, see_other
from workflow.errors import InvalidQuery
from workflow.recovery.links.urls import base_url
from workflow.store.port import Store
from workflow.subscriptions import book

router = LateRouter(include_in_schema=False)
PLACE = "/admin/integrate"
OF_PROGRAMS = (Role.SYSTEM, Role.DESK)
"""The roles of keys that are made here: nobody gets a person's or an operator's by a page."""
_BOUNDS = ("sources", "sends", "reads", "teams", "authorities")
_OVERLAP = timedelta(days=1)
_MOST = timedelta(days=3_660)


@router.get(PLACE)
def integrate_page(request: Request, _: BrowserOperator) -> Response:
    """Keys and subscriptions, and how they go."""
    return _shown(request)


@router.post(f"{PLACE}/keys")
async def make_key(request: Request, _: BrowserOperator, said: OperatorsForm) -> Response:
    """Make a key, or a test key; the page shows it, once."""
    return await run_in_threadpool(_made, request, said)


@router.post(f"{PLACE}/keys/change")
async def change_key(request: Request, _: BrowserOperator, said: OperatorsForm) -> Response:
    """Revoke a key, or make one in its place; the old one then counts for a day more. Raises NotFound."""
    return await run_in_threadpool(_changed, request, said)


def duration_in(said: dict[str, str], name: str, most: timedelta) -> timedelta | None:
    """A length of time that was written; None where nothing was. Raises InvalidQuery, naming the field."""
    text = text_in(said, name)
    if text is None:
        return None
    found = parse_duration(read_length(text, name))
    if not timedelta() <= found <= most:
        raise InvalidQuery([Problem(name, "distance", "is too long")])
    return found


def _made(request: Request, said: dict[str, str]) -> Response:
    store, now = _store(request, said), people_now(request)
    try:
        role = next((one for one in OF_PROGRAMS if one.value == said.get("role")), Role.SYSTEM)
        name = text_in(said, "name")
        if name is None or len(name) > 100:
            raise InvalidQuery([Problem("name", "required", "must say which system it is for")])
        bounds = checked_bounds(**{one: said.get(one, "").replace(",", " ").split() for one in _BOUNDS})
        lasts = duration_in(said, "expires", _MOST)
        ends: datetime | None = None if lasts is None else now + lasts
        key = keys.create(store, role, name, now, bounds=bounds, expires_at=ends, prefix=_prefix(said))
    except InvalidQuery as error:
        return _shown(request, said=said, problems=error.problems, status=422)
    return _shown(request, key=key)


def _changed(request: Request, said: dict[str, str]) -> Response:
    store, now, public = _store(request, said), people_now(request), said.get("key", "")
    if said.get("what") == "rotate":
        return _shown(request, key=keys.rotate(store, public, now, _OVERLAP, _prefix(said)))
    keys.revoke(store, public, now)
    return see_other(PLACE, done="key_revoked")


def _is_test(said: dict[str, str]) -> bool:
    """Whether a form is about a test key."""
    return said.get("kind") == "test"


def _prefix(said: dict[str, str]) -> str:
    return keys.TEST_PREFIX if _is_test(said) else keys.PREFIX


def _store(request: Request, said: dict[str, str]) -> Store:
    """Where the keys are that a form is about. Raises NotFound: a sandbox has no test keys."""
    context = context_of(request)
    if _is_test(said) and context.rehearsal is not None:
        return context.rehearsal.open().runtime.store
    return context.runtime.store


def _in_force(store: Store, now: datetime) -> list[Principal]:
    return [one for one in keys.listed(store) if one.revoked_at is None and not one.is_expired(now)]


def _shown(
    request: Request,
    *,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    key: str = "",
    status: int = 200,
) -> Response:
    context, now = context_of(request), people_now(request)
    runtime = context.runtime
    rehearsed = None if context.rehearsal is None else context.rehearsal.there()
    return page(
        request,
        "integrate.html",
        at=PLACE,
        status=status,
        keys=_in_force(runtime.store, now),
        test_keys=[] if rehearsed is None else _in_force(rehearsed.runtime.store, now),
        rehearses=not runtime.settings.clock.startswith(SANDBOX),
        roles=OF_PROGRAMS,
        subscriptions=book.listed(runtime.store).items,
        base=base_url(runtime.settings),
        key=key,
        said=said or {},
        problems=problems or [],
    )
