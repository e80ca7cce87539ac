"""Who may come in: ``/admin/people``, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access import invitations, people
from workflow.access.people import Person
from workflow.access.principal import Principal
from workflow.access.role import OF_PEOPLE, Role
from workflow.api.browser import AdminsForm, browser_with, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, Refusal
from workflow.console.form_values import text_in
from workflow.console.rendering import page, see_other
from workflow.errors import InvalidQuery
from workflow.recovery.links.urls import base_url

router = LateRouter(include_in_schema=False)
PLACE = "/admin/people"
_SHOWN = 50
_Admin = Annotated[Principal, Depends(browser_with(Role.ADMIN))]


class PeopleQuery(BaseModel):
    """Which part of the list to show."""

    after: str = Field("", max_length=people.LONGEST, description="From the address behind this one on.")


@router.get(PLACE)
def people_page(request: Request, _: _Admin, wanted: Annotated[PeopleQuery, Query()]) -> Response:
    """Everybody by address, some at once, and a form for one more."""
    return _shown(request, after=wanted.after)


@router.post(PLACE)
async def add_person(request: Request, _: _Admin, said: AdminsForm) -> Response:
    """Add somebody; the page shows the link by which they choose their password, once."""
    return await run_in_threadpool(_added, request, said)


@router.post(f"{PLACE}/change")
async def change_person(request: Request, holder: _Admin, said: AdminsForm) -> Response:
    """Say anew what somebody is, let them in no more or again, or make them a new link."""
    return await run_in_threadpool(_changed, request, holder, said)


def _added(request: Request, said: dict[str, str]) -> Response:
    store, now = context_of(request).runtime.store, people_now(request)
    try:
        made = people.checked(
            said.get("address", ""),
            said.get("name", ""),
            _roles(said),
            now,
            teams=_teams(said),
            language=text_in(said, "language"),
        )
        people.add(store, made)
    except InvalidQuery as error:
        return _shown(request, said=said, problems=error.problems, status=422)
    return _shown(request, invited=made, token=invitations.invite(store, made, now))


def _changed(request: Request, holder: Principal, said: dict[str, str]) -> Response:
    store, now = context_of(request).runtime.store, people_now(request)
    person = people.find(store, said.get("address", ""))
    what = said.get("what")
    if what == "link":
        return _shown(request, invited=person, token=invitations.invite(store, person, now))
    if person.address == holder.person:
        message = "nobody takes the right to come in from themselves: another admin does"
        raise Refusal.of(Kind.FORBIDDEN, "body.address", "yourself", message)
    if what == "disable":
        people.disable(store, person.address, now if person.disabled_at is None else None)
        return see_other(PLACE, done="person_changed")
    try:
        people.change(store, person.address, roles=_roles(said), teams=_teams(said))
    except InvalidQuery as error:
        return _shown(request, problems=error.problems, status=422)
    return see_other(PLACE, done="person_changed")


def _roles(said: dict[str, str]) -> tuple[Role, ...]:
    return tuple(role for role in OF_PEOPLE if said.get(f"role-{role}") == "yes")


def _teams(said: dict[str, str]) -> tuple[str, ...]:
    return tuple(said.get("teams", "").replace(",", " ").split())


def _shown(
    request: Request,
    *,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    invited: Person | None = None,
    token: str = "",
    after: str = "",
    status: int = 200,
) -> Response:
    runtime = context_of(request).runtime
    found = people.page_of(runtime.store, after, _SHOWN + 1)
    return page(
        request,
        "people.html",
        at=PLACE,
        status=status,
        people=found[:_SHOWN],
        following=found[_SHOWN - 1].address if len(found) > _SHOWN else None,
        roles=OF_PEOPLE,
        said=said or {},
        problems=problems or [],
        invited=invited,
        link=f"{base_url(runtime.settings)}{invitations.PATH}{token}" if token else "",
    )
