"""Events of other systems and what became of them, and sending one to see: ``/admin/integrate/events``."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserOperator, OperatorsLongForm
from workflow.api.context import ApiContext, context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.api.resources.examples import example_body
from workflow.clock import SANDBOX
from workflow.console.form_values import form_id
from workflow.console.integrate_pages import PLACE as ABOVE
from workflow.console.rehearsal_page import rehearsal_context
from workflow.console.rendering import page
from workflow.console.reworded import Reword, reworded
from workflow.console.viewer import viewer_of
from workflow.engine.cloudevent import CloudEvent, parse
from workflow.errors import InvalidEvent, NotFound, UnknownDefinition
from workflow.queries.recent_events import recent_events
from workflow.queries.turned_away import turned_away
from workflow.store.port import EventOutcome

router = LateRouter(include_in_schema=False)
PLACE = f"{ABOVE}/events"
TEST_SOURCE = "/console/test"
"""The source of events that are sent by the page."""
_PATIENCE = 3.0


class SourceQuery(BaseModel):
    """Whose events to show."""

    source: Annotated[str, Field(max_length=256, pattern=rf"^$|{STORABLE}")] = ""
    refused: bool = False
    test: bool = False


class TypeQuery(BaseModel):
    """Which event to write."""

    type: str = Field("", max_length=130)


@router.get(PLACE)
def sent_events_page(
    request: Request, _: BrowserOperator, wanted: Annotated[SourceQuery, Query()]
) -> Response:
    """The newest events from outside, or of test keys: accepted, decided, or refused and by which rule."""
    context = context_of(request)
    rehearsed = context.rehearsal.there() if wanted.test and context.rehearsal is not None else None
    runtime = context.runtime if rehearsed is None else rehearsed.runtime
    none = wanted.test and rehearsed is None
    found = [] if none else recent_events(runtime.store, source=wanted.source or None, refused=wanted.refused)
    turned = [] if none else turned_away(runtime.store)
    return page(request, "sent_events.html", events=found, turned_away=turned, wanted=wanted)


@router.get(f"{PLACE}/test")
def test_event_page(request: Request, _: BrowserOperator, wanted: Annotated[TypeQuery, Query()]) -> Response:
    """A form for an event: which types there are, and of one an example by what its trigger declares."""
    return _shown(request, wanted.type)


@router.post(f"{PLACE}/test")
async def send_test_event(request: Request, holder: BrowserOperator, said: OperatorsLongForm) -> Response:
    """Send it, and say what was decided, or which field breaks which rule."""
    kind = said.get("type", "")
    try:
        event = _event(said, kind)
        found = await _sent(await _context(request, said), holder, event)
    except InvalidEvent as error:
        say = reworded(viewer_of(request).language)
        problems = [_about_field(one, say) for one in error.problems]
        return await run_in_threadpool(_shown, request, kind, said=said, problems=problems, status=422)
    return await run_in_threadpool(_shown, request, kind, said=said, sent=event, found=found)


async def _context(request: Request, said: dict[str, str]) -> ApiContext:
    """Of what is real where that was said; else of the rehearsal, but a sandbox has none."""
    rehearsed = None if said.get("kind") == "real" else await rehearsal_context(request)
    return rehearsed or context_of(request)


async def _sent(context: ApiContext, holder: Principal, event: CloudEvent) -> EventOutcome | None:
    endpoint = context.endpoint
    with endpoint.serving(len(orjson.dumps(event.to_json()))):
        accepted = await endpoint.take(event, holder)
    return await endpoint.decisions.decided(accepted.source, accepted.event_id, _PATIENCE)


def _event(said: dict[str, str], kind: str) -> CloudEvent:
    try:
        data = json.loads(said.get("data") or "{}")
    except ValueError as error:
        raise InvalidEvent([Problem("data", "json", f"is no JSON: {error}")]) from None
    document: dict[str, Any] = {
        "specversion": "1.0", "id": form_id(said), "source": TEST_SOURCE, "type": kind,
        "subject": said.get("subject", "").strip(), "data": data,
    }  # fmt: skip
    if parent := said.get("parent", "").strip():
        document["parent"] = parent
    return parse(document)


def _about_field(problem: Problem, say: Reword) -> Problem:
    """The same, about a field of the form; what is said of a part of the data names it."""
    name, _, part = problem.field.removeprefix("[0].").partition(".")
    words = f"{part}: {say(problem.message)}" if part else problem.message
    return Problem(name if name in ("subject", "parent", "type") else "data", problem.rule, words)


def _shown(
    request: Request,
    kind: str,
    *,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    sent: CloudEvent | None = None,
    found: EventOutcome | None = None,
    status: int = 200,
) -> Response:
    sandbox = context_of(request).runtime.settings.clock.startswith(SANDBOX)
    lifecycle, trigger = _declared(request, kind) if kind else (None, "")
    example: dict[str, str] = {}
    if lifecycle is not None:
        body = json.dumps(example_body(lifecycle, trigger), indent=2, ensure_ascii=False)
        example = {"subject": f"{lifecycle.name}:test-{secrets.token_hex(3)}", "data": body}
    return page(
        request,
        "test_event.html",
        status=status,
        kind=kind,
        kinds=_kinds(request),
        declared=lifecycle.triggers[trigger] if lifecycle else None,
        given=example | (said or {}),
        sent=sent,
        found=found,
        sandbox=sandbox,
        rehearsed=not sandbox and (said or {}).get("kind") != "real",
        problems=problems or [],
    )


def _kinds(request: Request) -> list[str]:
    registry = context_of(request).runtime.registry
    lifecycles = (registry.latest(name) for name in registry.names())
    return [f"{one.name}.{trigger}" for one in lifecycles for trigger in one.triggers]


def _declared(request: Request, kind: str) -> tuple[Lifecycle, str]:
    name, _, trigger = kind.partition(".")
    try:
        lifecycle = context_of(request).runtime.registry.latest(name)
    except UnknownDefinition as error:
        raise NotFound(str(error)) from None
    if trigger not in lifecycle.triggers:
        raise NotFound(f"type: {name} has no trigger {trigger!r}")
    return lifecycle, trigger
