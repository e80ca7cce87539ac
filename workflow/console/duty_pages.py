"""Who is on duty: ``/duty``, now and next, gaps, overrides, calendars after what they change was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.values.instants import format_instant, parse_instant, zone
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError
from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.browser import BrowserAtDesk, BrowserOperator, DeskForm, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.desk_responses import desk_of, operators_desk_of
from workflow.console.duty_beginning import TURNS, begun_rotation, offered
from workflow.console.duty_calendar import NARROW, WIDE, DutyCalendar, duty_calendar
from workflow.console.form_values import acting_person, form_id, instant_in, text_in
from workflow.console.line_pages import PATIENCE
from workflow.console.rendering import page, see_other
from workflow.console.reworded import reworded
from workflow.console.translations import translations
from workflow.console.viewer import viewer_of
from workflow.errors import InvalidEvent, InvalidQuery, NotFound
from workflow.queries.subjects import SubjectRow, opened_subject
from workflow.recovery.desk.desk import DeskOutcome
from workflow.recovery.rotations.icalendar_file import CalendarRefused, CalendarShifts, shifts_of
from workflow.recovery.rotations.listed import rotations
from workflow.recovery.rotations.rotation import Rotation, RotationError, parse_rotation
from workflow.recovery.rotations.spans import ChangedSpan, DutySpan, changed_spans, duty_spans
from workflow.store.port import Store

router = LateRouter(include_in_schema=False)
PLACE = "/duty"
_MOST = 100
_AHEAD = timedelta(days=30)
"""So far ahead pages look."""
_IMPORTED = timedelta(days=366)
_SHOWN = 60
_Id = Annotated[str, Path(max_length=200, pattern=r"^[^\x00/]+$")]


@dataclass(frozen=True, slots=True)
class Duty:
    """One rotation as its page has it.

    Attributes:
        spans: who is on duty in the time ahead; empty where nobody has said so.
        now, next: the first of them, and the one after it.
        gaps: those with nobody.
        overrides: those that have not ended, as the subject has them.
        zone: the rotation's own, where it has one.
    """

    subject: SubjectRow
    rotation: Rotation | None
    spans: list[DutySpan]
    overrides: list[Mapping[str, Any]]
    zone: str | None

    @property
    def id(self) -> str:
        """What ladders call it."""
        return self.subject.key.partition(":")[2]

    @property
    def now(self) -> DutySpan | None:
        """Who is on duty."""
        return self.spans[0] if self.spans else None

    @property
    def next(self) -> DutySpan | None:
        """Who is then."""
        return self.spans[1] if len(self.spans) > 1 else None

    @property
    def gaps(self) -> list[DutySpan]:
        """When nobody is."""
        return [one for one in self.spans if not one.people]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a calendar would change: its shifts, until when they go, and where others would be on duty."""

    shifts: list[Any]
    until: str
    left_out: list[str]
    changed: list[ChangedSpan]


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
    return await _sent(request, holder, name, "set", data, said, "rotation_begun")


@router.get(f"{PLACE}/{{id}}")
def one_duty(request: Request, holder: BrowserAtDesk, id: _Id) -> Response:
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
        preview = await run_in_threadpool(_preview, request, id, said)
    except (InvalidQuery, CalendarRefused) as error:
        return await run_in_threadpool(
            _shown, request, holder, id, said, _of_field(error, viewer_of(request).language), 422
        )
    if said.get("sure") != "yes":
        return await run_in_threadpool(_previewed, request, holder, id, said, preview)
    data = {"shifts": preview.shifts, "until": preview.until}
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
        duties=[_duty(one, now) for one in rotations(runtime.store, _MOST)],
        said=said or offered(viewer.zone, now.astimezone(zone(viewer.zone))),
        problems=problems or [],
        turns=TURNS,
    )


def _is_new(store: Store, name: str) -> None:
    """Raises InvalidQuery where somebody has said already who is on duty: it would be as if they had not."""
    known = _known(store, name)
    if known is not None and known.data.get("schedule"):
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
) -> Response:
    by, key = acting_person(holder), f"rotation:{id}"
    context = context_of(request)
    try:
        send = operators_desk_of(context, holder).open if trigger == "set" else desk_of(context, holder).act
        found = await send(key, trigger, {**data, "by": by}, form_id(said), PATIENCE)
    except InvalidEvent as error:
        problems = [Problem(one.field.rpartition(".")[2], one.rule, one.message) for one in error.problems]
        return await run_in_threadpool(_shown, request, holder, id, said, problems, 422)
    if found.outcome is DeskOutcome.LOST:
        problems = [Problem("form", "not-possible-now", found.reason or "it is not possible now")]
        return await run_in_threadpool(_shown, request, holder, id, said, problems, 409)
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


def _preview(request: Request, id: str, said: dict[str, str]) -> Preview:
    runtime = context_of(request).runtime
    now = runtime.clock.now()
    text = text_in(said, "calendar")
    if text is None:
        raise InvalidQuery([Problem("calendar", "required", "Put the text of the calendar's file here.")])
    taken: CalendarShifts = shifts_of(
        text.encode(),
        now,
        now + _IMPORTED,
        _zone(text_in(said, "zone")),
        _named(said.get("people_named", "")),
    )
    if not taken.shifts:
        raise InvalidQuery([Problem("calendar", "empty", "There is no duty in it in the year ahead.")])
    known = _known(runtime.store, id)
    schedule = known.data.get("schedule") if known else None
    old = _read(schedule)
    overrides = _ahead(schedule, now)
    new = parse_rotation({"shifts": taken.shifts, "overrides": to_json(overrides)})
    return Preview(
        taken.shifts,
        max(one["to"] for one in taken.shifts),
        taken.left_out,
        changed_spans(old, new, now, now + _AHEAD),
    )


def _zone(name: str | None) -> Any:
    try:
        return None if name is None else zone(name)
    except TimeError as error:
        raise InvalidQuery([Problem("zone", error.rule, error.message)]) from None


def _named(text: str) -> dict[str, str]:
    """Addresses by name, as ``Ada=ada@shop.example``, one a line."""
    found = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        name, separator, address = line.partition("=")
        if not separator or not name.strip() or "@" not in address:
            message = "must be a name and an address on each line, such as Ada=ada@shop.example"
            raise InvalidQuery([Problem("people_named", "form", message)])
        found[name.strip()] = address.strip()
    return found


def _of_field(error: InvalidQuery | CalendarRefused, language: str) -> list[Problem]:
    if isinstance(error, InvalidQuery):
        return error.problems
    line, say = translations(language).gettext("Line %(n)s: %(what)s"), reworded(language)
    return [
        Problem(
            "calendar", one.rule, line % {"n": one.line, "what": say(one.message)} if one.line else str(one)
        )
        for one in error.problems[:10]
    ]


def _known(store: Store, id: str) -> SubjectRow | None:
    try:
        return opened_subject(store, f"rotation:{id}")
    except NotFound:
        return None


def _read(schedule: Any) -> Rotation | None:
    try:
        return None if not schedule else parse_rotation(to_json(schedule))
    except RotationError:
        return None


def _ahead(schedule: Any, now: datetime) -> list[Mapping[str, Any]]:
    return [one for one in (schedule or {}).get("overrides") or () if parse_instant(one["to"]) > now]


def _duty(subject: SubjectRow, now: datetime) -> Duty:
    schedule = subject.data.get("schedule")
    rotation = _read(schedule)
    handover = (schedule or {}).get("handover") or {}
    return Duty(
        subject=subject,
        rotation=rotation,
        spans=duty_spans(rotation, now, now + _AHEAD) if rotation else [],
        overrides=_ahead(schedule, now) if rotation else [],
        zone=handover.get("zone"),
    )


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
    duty = _duty(opened_subject(runtime.store, f"rotation:{id}"), runtime.clock.now())
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
