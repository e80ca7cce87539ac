"""Who is on duty: ``/duty``, now and next, gaps, overrides, calendars after what they change was seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.values.instants import format_instant, zone
from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.browser import BrowserAtDesk, BrowserOperator, DeskForm, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.desk_responses import desk_of, operators_desk_of
from workflow.console.duty import Duty, duty_of, known
from workflow.console.duty_beginning import TURNS, begun_rotation, offered
from workflow.console.duty_calendar import NARROW, WIDE, DutyCalendar, duty_calendar
from workflow.console.duty_preview import Preview, preview_of, problems_of
from workflow.console.form_values import acting_person, form_id, instant_in, text_in
from workflow.console.line_pages import PATIENCE
from workflow.console.rendering import page, see_other
from workflow.console.viewer import viewer_of
from workflow.errors import InvalidEvent, InvalidQuery
from workflow.queries.subjects import opened_subject
from workflow.recovery.desk.desk import DeskOutcome
from workflow.recovery.rotations.icalendar_file import CalendarRefused
from workflow.recovery.rotations.listed import rotations
from workflow.store.port import Store

router = LateRouter(include_in_schema=False)
PLACE = "/duty"
_MOST = 100
_SHOWN = 60
_Id = Annotated[str, Path(max_length=200, pattern=r"^[^\x00/]+$")]


@router.get(PLACE)
def all_duties(request: Request, holder: BrowserAtDesk) -> Response:
    """Every rotation: who now, who next, and whether there are gaps."""
    return _all_shown(request, holder)


@router.post(PLACE)
async def begin(request: Request, holder: BrowserOperator, said: OperatorsForm) -> Response:
    """Set up a rotation that nobody has set yet, by who takes turns."""
    try:
        name, data = begun_rotation(said)
        await run_in_threadpool(_is_new, context_of(request).runtime.store, name)
    except InvalidQuery as error:
        return await run_in_threadpool(_all_shown, request, holder, said, error.problems, 422)
    again = partial(_all_shown, request, holder, said)
    return await _sent(request, holder, name, "set", data, said, "rotation_begun", again)


@router.get(f"{PLACE}/{{id}}")
def oneduty_of(request: Request, holder: BrowserAtDesk, id: _Id) -> Response:
    """One rotation: the days ahead, its overrides, and how it is changed. Raises NotFound."""
    return _shown(request, holder, id)


@router.post(f"{PLACE}/{{id}}/override")
async def override(request: Request, holder: BrowserAtDesk, id: _Id, said: DeskForm) -> Response:
    """Put others on duty for a while."""
    try:
        data = await run_in_threadpool(_override, request, said)
    except InvalidQuery as error:
        return await run_in_threadpool(_shown, request, holder, id, said, error.problems, 422)
    return await _sent(request, holder, id, "override", data, said, "overridden")


@router.post(f"{PLACE}/{{id}}/take-back")
async def take_back(request: Request, holder: BrowserAtDesk, id: _Id, said: DeskForm) -> Response:
    """Let an override hold no more."""
    data = {"override": said.get("override", "")}
    return await _sent(request, holder, id, "take_back", data, said, "taken_back")


@router.post(f"{PLACE}/{{id}}/import")
async def import_calendar(
    request: Request, holder: BrowserOperator, id: _Id, said: OperatorsForm
) -> Response:
    """Show what a calendar would change; sent once more from there, it is taken over."""
    try:
        runtime = context_of(request).runtime
        preview = await run_in_threadpool(preview_of, runtime.store, runtime.clock.now(), id, said)
    except (InvalidQuery, CalendarRefused) as error:
        problems = problems_of(error, viewer_of(request).language)
        return await run_in_threadpool(_shown, request, holder, id, said, problems, 422)
    if said.get("sure") != "yes":
        return await run_in_threadpool(_previewed, request, holder, id, said, preview)
    data = preview.data
    if owner := text_in(said, "owner"):
        data["owner"] = owner
    return await _sent(request, holder, id, "set", data, said, "rotation_set")


def _all_shown(
    request: Request,
    holder: Principal,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    status: int = 200,
) -> Response:
    may_read(holder, "rotation")
    runtime, viewer = context_of(request).runtime, viewer_of(request)
    now = runtime.clock.now()
    return page(
        request,
        "duties.html",
        at=PLACE,
        status=status,
        duties=[duty_of(one, now) for one in rotations(runtime.store, _MOST)],
        said=said or offered(viewer.zone, now.astimezone(zone(viewer.zone))),
        problems=problems or [],
        turns=TURNS,
    )


def _is_new(store: Store, name: str) -> None:
    """Raises InvalidQuery where somebody has said already who is on duty: it would be as if they had not."""
    subject = known(store, name)
    if subject is not None and subject.data.get("schedule"):
        message = "There is a rotation of this name. Open it to change who is on duty."
        raise InvalidQuery([Problem("name", "taken", message)])


async def _sent(
    request: Request,
    holder: Principal,
    id: str,
    trigger: str,
    data: dict[str, Any],
    said: dict[str, str],
    done: str,
    again: Callable[[list[Problem], int], Response] | None = None,
) -> Response:
    again = again or partial(_shown, request, holder, id, said)
    by, key = acting_person(holder), f"rotation:{id}"
    context = context_of(request)
    try:
        send = operators_desk_of(context, holder).open if trigger == "set" else desk_of(context, holder).act
        found = await send(key, trigger, {**data, "by": by}, form_id(said), PATIENCE)
    except InvalidEvent as error:
        problems = [Problem(one.field.rpartition(".")[2], one.rule, one.message) for one in error.problems]
        return await run_in_threadpool(again, problems, 422)
    if found.outcome is DeskOutcome.LOST:
        problems = [Problem("form", "not-possible-now", found.reason or "it is not possible now")]
        return await run_in_threadpool(again, problems, 409)
    return see_other(f"{PLACE}/{id}", done="undecided" if found.outcome is DeskOutcome.UNDECIDED else done)


def _override(request: Request, said: dict[str, str]) -> dict[str, Any]:
    where = viewer_of(request).zone
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in ("from", "to"):
        try:
            at = instant_in(said, name, where)
        except InvalidQuery as error:
            problems += error.problems
            continue
        if at is None:
            problems.append(Problem(name, "required", "Say from when to when."))
        else:
            found[name] = format_instant(at)
    people = [one.strip() for one in said.get("people", "").replace("\n", ",").split(",") if one.strip()]
    if not people:
        problems.append(Problem("people", "required", "Say who is on duty instead."))
    if problems:
        raise InvalidQuery(problems)
    return {**found, "people": people}


def _shown(
    request: Request,
    holder: Principal,
    id: str,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    status: int = 200,
) -> Response:
    may_read(holder, "rotation")
    runtime = context_of(request).runtime
    duty = duty_of(opened_subject(runtime.store, f"rotation:{id}"), runtime.clock.now())
    return page(
        request,
        "duty.html",
        at=f"{PLACE}/{quote(id)}",
        status=status,
        duty=duty,
        calendars=_drawn(request, duty),
        shown=_SHOWN,
        said=said or {},
        problems=problems or [],
    )


def _drawn(request: Request, duty: Duty) -> list[DutyCalendar]:
    """The weeks ahead, wide and narrow, by the rotation's own clock if it has one; none where nobody is."""
    if not duty.spans:
        return []
    viewer = viewer_of(request)
    where = duty.zone or viewer.zone
    return [
        duty_calendar(duty.spans, duty.overrides, viewer.now, where, viewer.language, room)
        for room in (WIDE, NARROW)
    ]


def _previewed(
    request: Request, holder: Principal, id: str, said: dict[str, str], preview: Preview
) -> Response:
    return page(
        request,
        "duty_import.html",
        at=f"{PLACE}/{quote(id)}",
        id=id,
        said=said,
        preview=preview,
        shown=_SHOWN,
    )
