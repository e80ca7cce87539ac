"""The item at work: ``/work/{key}``, a call or an escalation with all that is known beside its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserAtDesk, DeskForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.desk_requests import CallOutcome, EscalationOutcome
from workflow.api.routes.desk_responses import desk_of
from workflow.console.aside_pages import may_say
from workflow.console.form_values import acting_person, form_id, instant_in, text_in
from workflow.console.line_pages import PATIENCE, claimed, dial_in
from workflow.console.looking import seen_by
from workflow.console.rendering import page, path_of, see_other
from workflow.console.times import clock_of
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import EventConflict, InvalidEvent, InvalidQuery, NotFound
from workflow.queries.ancestors import ancestor
from workflow.queries.pending_timers import pending_timer
from workflow.recovery.contact.people import same_person
from workflow.recovery.desk.asides import asides
from workflow.recovery.desk.desk import DeskClaim, DeskOutcome
from workflow.recovery.desk.held import HELD
from workflow.recovery.desk.item import FREE, Item, Kind
from workflow.recovery.desk.line import Wishes, find
from workflow.recovery.packet import Packet, packet
from workflow.recovery.packet.local_time import zone_of

router = LateRouter(include_in_schema=False)
_Key = Annotated[str, Path(max_length=264)]
_LEASE = {Kind.CALLBACK: "lease", Kind.ESCALATION: "act_in_time"}
"""The timer at whose end somebody loses what they have."""
OUTCOMES = {
    Kind.CALLBACK: ("reached", "no_answer", "busy", "wrong_number", "asked_later", "customer_calls"),
    Kind.ESCALATION: ("resolved", "refused", "reassigned"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """An item as somebody sees it who works on it.

    Attributes:
        mine: whether they have it. free: whether nobody has.
        held_until: until when whoever has it may say how it went, UTC.
        packet: all that is known of its case; None where it belongs to none, or that must not be read.
    """

    item: Item
    mine: bool
    free: bool
    held_until: datetime | None
    packet: Packet | None


@router.get("/work/{key:path}")
def work_page(request: Request, holder: BrowserAtDesk, key: _Key) -> Response:
    """What it is about, all that is known, and how it went. Raises NotFound."""
    return _shown(request, holder, key, {}, [], 200)


@router.post("/work/{key:path}/outcome")
async def outcome(request: Request, holder: BrowserAtDesk, key: _Key, said: DeskForm) -> Response:
    """How it went. Then the line, or the next at once; where something is missing, the same form with it."""
    by = acting_person(holder)
    kind = find_kind(key)
    try:
        trigger, data, id = await run_in_threadpool(_event, request, kind, said, by)
        found = await desk_of(context_of(request), holder).tell(key, trigger, data, id, PATIENCE)
    except (InvalidQuery, InvalidEvent) as error:
        if isinstance(error, EventConflict):
            return see_other(path_of(key), done="lost")
        return await run_in_threadpool(_shown, request, holder, key, said, error.problems, 422)
    if found.outcome is DeskOutcome.LOST:
        message = found.reason or "it is not possible now"
        problems = [Problem("outcome", "not-possible-now", message)]
        return await run_in_threadpool(_shown, request, holder, key, said, problems, 409)
    if found.outcome is DeskOutcome.UNDECIDED:
        return see_other(path_of(key), done="undecided")
    if said.get("then") == "next":
        path, done = await claimed(request, holder, {"id": f"{id}-next"})
        return see_other(path, done=done if done != "claimed" else "noted")
    return see_other("/line", done="noted")


@router.post("/work/{key:path}/extend")
async def extend(request: Request, holder: BrowserAtDesk, key: _Key, said: DeskForm) -> Response:
    """Claim anew what one has: its time begins again. With a telephone, that rings."""
    by = acting_person(holder)
    asked = DeskClaim(form_id(said), by, key, Wishes(), dial_in(request, said), PATIENCE)
    found = await desk_of(context_of(request), holder).claim(asked)
    done = {DeskOutcome.CLAIMED: "extended", DeskOutcome.UNDECIDED: "undecided"}.get(found.outcome, "lost")
    return see_other(path_of(key), done=done)


def find_kind(key: str) -> Kind:
    """Whether this is the key of a call or of an escalation. Raises NotFound where it is of neither."""
    name = key.partition(":")[0]
    if name not in set(Kind):
        raise NotFound(f"subject: {key!r} is no call and no escalation")
    return Kind(name)


def _event(request: Request, kind: Kind, said: dict[str, str], by: str) -> tuple[str, Any, str]:
    """Trigger, data and id of what the form says. Raises InvalidQuery, naming fields."""
    given: dict[str, Any] = {
        name: text_in(said, name) for name in ("outcome", "note", "result", "reason", "to")
    }
    given |= {"id": form_id(said), "at": instant_in(said, "at", viewer_of(request).zone)}
    if kind is Kind.CALLBACK and given["outcome"] in ("reached", "customer_calls"):
        given["result"], given["note"] = given["note"], None
    model = CallOutcome if kind is Kind.CALLBACK else EscalationOutcome
    if kind is Kind.ESCALATION:
        given["result" if given["outcome"] == "resolved" else "reason"] = given["note"]
    fields = {
        name: value for name, value in given.items() if name in model.model_fields and value is not None
    }
    try:
        told = model.model_validate(fields)
    except ValidationError as error:
        raise InvalidQuery([_problem(one) for one in error.errors()]) from None
    trigger, data = told.event(by)
    return trigger, data, told.id


def _problem(error: Any) -> Problem:
    """A field of the form for what the model says; what it says of the whole is about the outcome's field."""
    field = str(error["loc"][0]) if error["loc"] else ("to" if "to goes" in error["msg"] else "at")
    words = {
        "outcome": "Say how it went.",
        "at": "Say when they want to be called; only for “asked to be called later”.",
        "to": "Say to whom; only if it is handed on.",
    }
    return Problem(field, error["type"], words.get(field, error["msg"]))


def _shown(
    request: Request, holder: Principal, key: str, said: dict[str, str], problems: list[Problem], status: int
) -> Response:
    runtime = context_of(request).runtime
    work = _work(runtime, holder, key)
    looking = seen_by(request, work.item.key)
    where = zone_of(work.item.customer)
    return page(
        request,
        "work.html",
        at=path_of(work.item.key),
        status=status,
        work=work,
        item=work.item,
        zone=where,
        outcomes=OUTCOMES[work.item.kind],
        said=said,
        problems=problems,
        packet=work.packet,
        may_say=may_say(holder, work.item),
        asides=asides(runtime.store, work.item.key) if may_say(holder, work.item) else [],
        others=looking,
        local=clock_of(viewer_of(request).language, where, viewer_of(request).zone),
        can_dial=runtime.settings.can_dial,
    )


def _work(runtime: Runtime, holder: Principal, key: str) -> Work:
    item = find(runtime.store, key)
    held = item.state == HELD[item.kind]
    mine = held and holder.person is not None and same_person(item.held_by, holder.person)
    until = pending_timer(runtime.store, key, _LEASE[item.kind]) if held else None
    said = item.context.get("case")
    case = (
        said if isinstance(said, str) and said.startswith("case:") else ancestor(runtime.store, key, "case")
    )
    known = None
    if case is not None and holder.bounds.may_read("case"):
        known = packet(runtime.store, case.partition(":")[2], runtime.clock.now())
    return Work(item, mine, not held and item.state in FREE[item.kind], until, known)
