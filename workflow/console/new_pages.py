"""Beginning something: ``/new``, a case, a promise, or a subject of a lifecycle of one's own."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.catalog import NAMES
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import DESK
from state_machines.errors import Problem
from state_machines.subject import ID_FORM, is_key
from state_machines.values.instants import zone
from state_machines.values.time_errors import TimeError
from workflow.access.principal import Principal
from workflow.api.browser import BrowserAtDesk, DeskForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import Name
from workflow.api.routes.desk_responses import desk_of, operators_desk_of
from workflow.console.form_values import acting_person, form_id, text_in
from workflow.console.inputs import Input, TriggerForm
from workflow.console.line_pages import PATIENCE
from workflow.console.rendering import page, path_of, see_other
from workflow.console.search_page import readable
from workflow.console.subject_pages import about_field
from workflow.console.trigger_forms import CUSTOMER, data_of, opening_form
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent, InvalidQuery, NotFound
from workflow.recovery.desk.desk import DeskOutcome

router = LateRouter(include_in_schema=False)
PLACE = "/new"
NAMED = "name_of_it"
"""The field by which somebody names what they begin."""
_Trigger = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_OF_CATALOG = {
    ("case", "open"): ("customer", "words", "part", "team", "channel", "owner"),
    ("promise", "make"): ("words", "within", "due_at", "owner", "customer", "warn_before", "channel"),
    ("team", "set"): ("members", "lead"),
}
"""What people begin of the catalog, and what they are asked for it; the rest has defaults."""
_OPERATORS_ALONE = frozenset({("team", "set")})
_BY = {("promise", "make"): "made_by"}
_OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What can be begun, and by which trigger."""

    lifecycle: Lifecycle
    trigger: str

    @property
    def path(self) -> str:
        """Of its page."""
        return f"{PLACE}/{self.lifecycle.name}/{self.trigger}"


@router.get(PLACE)
def new_page(request: Request, holder: BrowserAtDesk) -> Response:
    """All that they may begin."""
    return page(request, "new.html", beginnings=beginnings(context_of(request).runtime, holder))


@router.get(f"{PLACE}/{{name}}/{{trigger}}")
def begin_page(
    request: Request,
    holder: BrowserAtDesk,
    name: Name,
    trigger: _Trigger,
    called: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """What has to be said to begin one, perhaps with its name already. Raises NotFound."""
    return _shown(request, holder, name, trigger, {NAMED: called} if called else {}, [], 200)


@router.post(f"{PLACE}/{{name}}/{{trigger}}")
async def begin(
    request: Request, holder: BrowserAtDesk, name: Name, trigger: _Trigger, said: DeskForm
) -> Response:
    """Begin it, and go on to its page; where something is missing or refused, the same form with it."""
    by = acting_person(holder)
    try:
        data = await run_in_threadpool(_data, request, holder, name, trigger, said, by)
        key = _key(name, said)
        desk = (operators_desk_of if (name, trigger) in _OPERATORS_ALONE else desk_of)(
            context_of(request), holder
        )
        found = await desk.open(key, trigger, data, form_id(said), PATIENCE)
    except (InvalidQuery, InvalidEvent) as error:
        problems = [about_field(one) for one in error.problems]
        return await run_in_threadpool(_shown, request, holder, name, trigger, said, problems, 422)
    if found.outcome is DeskOutcome.LOST:
        problems = [Problem("form", "not-possible-now", found.reason or "it is not possible now")]
        return await run_in_threadpool(_shown, request, holder, name, trigger, said, problems, 409)
    if found.outcome is DeskOutcome.UNDECIDED:
        return see_other(PLACE, done="undecided")
    return see_other(path_of(key), done="begun")


def beginnings(runtime: Runtime, holder: Principal) -> list[Beginning]:
    """What somebody may begin by a page: first of the catalog, then of lifecycles of one's own."""
    may = readable(runtime, holder)
    found = [
        Beginning(runtime.registry.latest(name), trigger)
        for name, trigger in _OF_CATALOG
        if name in may and (holder.operates or (name, trigger) not in _OPERATORS_ALONE)
    ]
    for name in sorted(set(may) - set(NAMES)):
        lifecycle = runtime.registry.latest(name)
        first = {way.trigger for way in lifecycle.ways if way.source == "initial"}
        found += [
            Beginning(lifecycle, one)
            for one in lifecycle.triggers
            if one in first and DESK in lifecycle.senders[one]
        ]
    return found


def _beginning(request: Request, holder: Principal, name: str, trigger: str) -> tuple[Beginning, TriggerForm]:
    """Raises NotFound."""
    for one in beginnings(context_of(request).runtime, holder):
        if (one.lifecycle.name, one.trigger) == (name, trigger):
            form = opening_form(one.lifecycle, trigger, _OF_CATALOG.get((name, trigger)))
            if (name, trigger) in _OF_CATALOG:
                form = replace(form, inputs=tuple(_yours(i) if i.name == _OWNER else i for i in form.inputs))
            return one, form
    raise NotFound(f"nothing of {name!r} is begun by {trigger!r} on a page")


def _yours(owner: Input) -> Input:
    """Whoever writes it down answers for it unless they name another."""
    return replace(owner, needed=False, yours=True)


def _data(
    request: Request, holder: Principal, name: str, trigger: str, said: dict[str, str], by: str
) -> dict[str, Any]:
    one, form = _beginning(request, holder, name, trigger)
    data = data_of(one.lifecycle, trigger, said, viewer_of(request).zone, by, form)
    if (name, trigger) in _OF_CATALOG and _OWNER in one.lifecycle.triggers[trigger].data:
        data.setdefault(_OWNER, by)
    if actor := _BY.get((name, trigger)):
        data[actor] = by
    _check_zone(data.get(CUSTOMER))
    return data


def _check_zone(customer: Any) -> None:
    """Whoever lives where no clock is known would be called at any hour. Raises InvalidQuery."""
    if isinstance(customer, dict) and customer.get("zone"):
        try:
            zone(customer["zone"])
        except TimeError as error:
            raise InvalidQuery([Problem(f"{CUSTOMER}.zone", error.rule, error.message)]) from None


def _key(name: str, said: dict[str, str]) -> str:
    """The key by what somebody calls it; else by a short name, the same however often the form is sent.

    Raises InvalidEvent.
    """
    given = text_in(said, NAMED) or b32encode(sha256(form_id(said).encode()).digest())[:7].decode()
    key = f"{name}:{given}"
    if not is_key(key):
        raise InvalidEvent([Problem(NAMED, "form", f"its number or name must be {ID_FORM}")])
    return key


def _shown(
    request: Request,
    holder: Principal,
    name: str,
    trigger: str,
    said: dict[str, str],
    problems: list[Problem],
    status: int,
) -> Response:
    one, form = _beginning(request, holder, name, trigger)
    return page(
        request, "begin.html", status=status, one=one, form=form, named=NAMED, said=said, problems=problems
    )
