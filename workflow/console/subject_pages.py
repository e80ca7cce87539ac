"""Any subject: its lifecycle with the present state lit, what can happen next, and all that has happened.

``/cases/{number}`` is the same of a case, with its packet. All of it is read out of the definition, so that a
lifecycle of one's own has its pages by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import DESK
from state_machines.errors import Problem
from workflow.access import people, sessions
from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.browser import BrowserHolder, DeskForm, limits_of, people_now
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, Refusal
from workflow.api.routes.desk_responses import desk_of, operators_desk_of
from workflow.console.drawing_pages import size_of_lit
from workflow.console.form_values import acting_person, form_id
from workflow.console.inputs import TriggerForm
from workflow.console.known_facts import known_facts
from workflow.console.labels import reasons
from workflow.console.line_pages import PATIENCE
from workflow.console.looking import seen_by
from workflow.console.rendering import history_of, page, path_of, see_other
from workflow.console.story import Told, story_of
from workflow.console.times import clock_of
from workflow.console.trigger_forms import data_of, forms, moving_from, triggers_now
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent, InvalidQuery, MakegoodError
from workflow.queries.family import FamilyTimer, Member, family, timers_of
from workflow.queries.subjects import SubjectRow, opened_subject
from workflow.recovery.authority.speaking import role_claimed
from workflow.recovery.desk.desk import Desk, DeskOutcome
from workflow.recovery.packet import Packet, packet_of
from workflow.recovery.packet.local_time import zone_of

router = LateRouter(include_in_schema=False)
_Key = Annotated[str, Path(max_length=264)]
_Number = Annotated[str, Path(max_length=250)]
_Trigger = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_DONE = {"keep": "kept", "renegotiate": "moved", "hand_over": "handed_over"}
_CHILDREN = 100
_THERE = timedelta(minutes=10)
"""Who has used the console within that time is there."""


class HistoryQuery(BaseModel):
    """From where on to tell what has happened; unsaid: the newest."""

    history: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectView:
    """A subject as its page shows it.

    Attributes:
        forms: what can happen next, for whoever looks; what moves it on comes first.
        moving: the triggers of those that do.
        story: what has happened; `earlier` entries more are not told.
        next: where the story goes on, if it was asked for from its beginning.
        children: what came out of it. timers: what happens by itself, its children's too.
        packet: all that is known of a case; None of anything else.
    """

    subject: SubjectRow
    lifecycle: Lifecycle
    forms: list[TriggerForm]
    moving: frozenset[str]
    story: list[Told]
    earlier: int
    next: str | None
    children: list[Member]
    timers: list[FamilyTimer]
    packet: Packet | None


@router.get("/cases/{number:path}")
def case_page(
    request: Request, holder: BrowserHolder, number: _Number, wanted: Annotated[HistoryQuery, Query()]
) -> Response:
    """A case to be worked on. Raises NotFound."""
    return _shown(request, holder, f"case:{number}", history=wanted.history)


@router.get("/subjects/{key:path}")
def subject_page(
    request: Request, holder: BrowserHolder, key: _Key, wanted: Annotated[HistoryQuery, Query()]
) -> Response:
    """Any subject. A case has its own address. Raises NotFound."""
    if key.startswith("case:"):
        return RedirectResponse(path_of(key), 303)
    return _shown(request, holder, key, history=wanted.history)


@router.post("/subjects/{key:path}/do/{trigger}")
async def act(
    request: Request, holder: BrowserHolder, key: _Key, trigger: _Trigger, said: DeskForm
) -> Response:
    """Send a trigger, and say what was decided; where something is missing, the same form with it.

    Raises Refusal (403) for a trigger that is not for whoever acts, or not by a page.
    """
    by = acting_person(holder)
    place = path_of(key) if key.startswith("case:") else history_of(key)
    try:
        data = await run_in_threadpool(_data, request, holder, key, trigger, said, by)
        desk = await run_in_threadpool(_desk, request, holder, key, trigger)
        found = await desk.act(key, trigger, data, form_id(said), PATIENCE)
    except (InvalidQuery, InvalidEvent) as error:
        problems = [about_field(one) for one in error.problems]
        return await run_in_threadpool(
            _shown, request, holder, key, said=said, problems=problems, tried=trigger, status=422
        )
    if found.outcome is DeskOutcome.LOST:
        reason = await run_in_threadpool(_why, request, key, found.reason or "it is not possible now")
        problems = [Problem("form", "not-possible-now", reason)]
        return await run_in_threadpool(
            _shown, request, holder, key, said=said, problems=problems, tried=trigger, status=409
        )
    if found.outcome is DeskOutcome.UNDECIDED:
        return see_other(place, done="undecided")
    done = _DONE.get(trigger, "acted")
    if done == "handed_over":
        done = await run_in_threadpool(_handed_over, request, data)
    return see_other(place, done=done)


def _desk(request: Request, holder: Principal, key: str, trigger: str) -> Desk:
    """By which it is sent: what is the operator's alone, as theirs."""
    context, name = context_of(request), key.partition(":")[0]
    senders = context.runtime.registry.latest(name).senders.get(trigger, frozenset())
    return desk_of(context, holder) if DESK in senders else operators_desk_of(context, holder)


def _data(
    request: Request, holder: Principal, key: str, trigger: str, said: dict[str, str], by: str
) -> dict[str, Any]:
    runtime = context_of(request).runtime
    may_read(holder, key.partition(":")[0])
    subject = opened_subject(runtime.store, key)
    lifecycle = runtime.registry.get(subject.lifecycle, subject.version)
    # The state may have changed since the page was shown: what they may in any state is tried.
    if not any(trigger in triggers_now(lifecycle, state, holder) for state in lifecycle.possible):
        message = f"{trigger!r} of {subject.lifecycle} is not sent by a page, or not by you"
        raise Refusal.of(Kind.FORBIDDEN, "path", "trigger", message)
    data = data_of(lifecycle, trigger, said, viewer_of(request).zone, by)
    if (subject.lifecycle, trigger) == ("case", "grant"):
        data["role"] = role_claimed(holder, None)
    return data


def _handed_over(request: Request, data: dict[str, Any]) -> str:
    """What is said of a hand-over: whether whoever has it now is there, as far as that is known."""
    to = data.get("to")
    address = to.get("email") if isinstance(to, dict) else to
    runtime, now = context_of(request).runtime, people_now(request)
    try:
        person = people.find(runtime.store, str(address))
    except MakegoodError:  # no address, or of nobody who signs in here
        return "handed_over"
    seen = sessions.last_seen(runtime.store, person.address, now, limits_of(runtime.settings))
    return "handed_over_there" if seen is not None and now - seen < _THERE else "handed_over_away"


def _why(request: Request, key: str, reason: str) -> str:
    """What the guard says that refused, in the reader's language where their installation has it."""
    own = context_of(request).runtime.settings.lifecycles
    return reasons(viewer_of(request).language, own)(reason, key.partition(":")[0])


def about_field(problem: Problem) -> Problem:
    """The same, about a field of the form."""
    field = problem.field.removeprefix("data.").removeprefix("[0].data.")
    return Problem(field.replace("[", ".").replace("]", ""), problem.rule, problem.message)


def _shown(
    request: Request,
    holder: Principal,
    key: str,
    *,
    history: str | None = None,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    tried: str = "",
    status: int = 200,
) -> Response:
    may_read(holder, key.partition(":")[0])
    runtime = context_of(request).runtime
    view = _view(runtime, holder, key, history)
    looking = seen_by(request, key)
    where = zone_of(view.subject.data.get("customer") or view.subject.data.get("regarding"))
    known = view.packet
    language, own = viewer_of(request).language, runtime.settings.lifecycles
    return page(
        request,
        "subject.html",
        at=path_of(key) if key.startswith("case:") else history_of(key),
        status=status,
        view=view,
        subject=view.subject,
        place=history_of(key),
        packet=known,
        facts=known_facts(view.lifecycle, view.subject.data) if known is None else [],
        drawing=size_of_lit(view.lifecycle, view.subject.state, language, own),
        others=looking,
        zone=where,
        local=clock_of(language, where, viewer_of(request).zone),
        said=said or {},
        problems=problems or [],
        tried=tried,
    )


def _view(runtime: Runtime, holder: Principal, key: str, history: str | None) -> SubjectView:
    subject = opened_subject(runtime.store, key)
    lifecycle = runtime.registry.get(subject.lifecycle, subject.version)
    with runtime.store.connect() as connection:
        found = family(connection, key)
        timers = timers_of(connection, found.members)
        known = packet_of(connection, found, timers, runtime.clock.now()) if key.startswith("case:") else None
    story, earlier, following = story_of(runtime.store, key, history)
    children = [one for one in found.members if one.depth == 1 and holder.bounds.may_read(one.lifecycle)]
    acts, moving = holder.person is not None, moving_from(lifecycle, subject.state)
    offered = forms(lifecycle, subject.state, holder) if acts else []
    return SubjectView(
        subject=subject,
        lifecycle=lifecycle,
        forms=sorted(offered, key=lambda one: one.trigger not in moving),
        moving=moving,
        story=story,
        earlier=earlier,
        next=following,
        children=children[-_CHILDREN:],
        timers=timers[:_CHILDREN],
        packet=known,
    )
