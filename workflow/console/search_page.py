"""Finding a caller, a case, anything: ``/search``, by number, name, account, words, and by how it stands."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.subject import INITIAL
from workflow.access.principal import Principal
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.days import instant_of, zone_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.console.alert_pages import marked
from workflow.console.rendering import page
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidQuery
from workflow.queries.cursor import cursor_after, rows_of
from workflow.search.choosing import Choice
from workflow.search.search import Hits, search

router = LateRouter(include_in_schema=False)
_SHOWN = 20

_Text = Annotated[str, Field(max_length=200, pattern=rf"^$|{STORABLE}")]


class Wanted(BaseModel):
    """The form as it is sent: a field that was left empty is there, too, and narrows nothing."""

    q: _Text = ""
    lifecycle: _Text = ""
    state: _Text = ""
    owner: _Text = ""
    team: _Text = ""
    due_before: _Text = ""
    at_risk: Literal["", "yes"] = ""
    open: Literal["", "yes", "no"] = ""
    cursor: Annotated[str, Field(max_length=100)] = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked than by words."""
        return bool(self.model_dump(exclude={"q", "cursor"}, exclude_defaults=True))


@router.get("/search")
def search_page(request: Request, holder: BrowserHolder, wanted: Annotated[Wanted, Query()]) -> Response:
    """A form, and what it finds; whoever is named alone comes first."""
    runtime = context_of(request).runtime
    problems: list[Problem] = []
    found = None
    try:
        found = _found(runtime, holder, wanted, viewer_of(request).zone)
    except InvalidQuery as error:
        problems = [
            Problem(one.field.removeprefix("query."), one.rule, one.message) for one in error.problems
        ]
    following = None
    if found is not None and found.next is not None:
        following = request.url.include_query_params(cursor=cursor_after(*found.next)).query
    return page(
        request,
        "search.html",
        status=422 if problems else 200,
        wanted=wanted,
        found=found,
        following=following,
        lifecycles=readable(runtime, holder),
        states=_states(runtime, holder, wanted),
        problems=problems,
        pieces=marked,
    )


def readable(runtime: Runtime, holder: Principal) -> list[str]:
    """The names of the lifecycles that somebody may read."""
    return [name for name in runtime.registry.names() if holder.bounds.may_read(name)]


def _states(runtime: Runtime, holder: Principal, wanted: Wanted) -> list[str]:
    """What a subject of the lifecycle that was chosen can be in; empty where none was."""
    if wanted.lifecycle not in readable(runtime, holder):
        return []
    found = [one for one in runtime.registry.latest(wanted.lifecycle).possible if one != INITIAL]
    return [*found, *([wanted.state] if wanted.state and wanted.state not in found else [])]


def _found(runtime: Runtime, holder: Principal, wanted: Wanted, zone_name: str) -> Hits | None:
    """What fits; None where nothing was asked for. Raises InvalidQuery."""
    words = wanted.q.strip() or None
    if words is None and not wanted.is_narrowed:
        return None
    bound = holder.bounds.readable()
    lifecycles: tuple[str, ...] = (wanted.lifecycle,) if wanted.lifecycle else tuple(bound or ())
    if bound is not None:
        lifecycles = tuple(name for name in lifecycles if name in bound)
        if not lifecycles:
            return None
    choice = Choice(
        lifecycles=lifecycles,
        states=(wanted.state,) if wanted.state else (),
        owner=wanted.owner.strip() or None,
        team=wanted.team.strip() or None,
        due_before=instant_of("due_before", wanted.due_before, zone_of(zone_name)),
        at_risk=True if wanted.at_risk else None,
        is_open=None if not wanted.open else wanted.open == "yes",
    )
    first, second = rows_of(wanted.cursor or None, 2)
    now = runtime.clock.now()
    return search(runtime.store, runtime.registry, words, choice, now, limit=_SHOWN, place=(first, second))
