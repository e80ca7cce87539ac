"""A sandbox's clock: ``GET /v1/clock`` says where it stands, ``POST /v1/clock/advance`` moves it.

An installation that runs in earnest answers both with 409, as wherever something cannot be done in the state
in which it is: the resource is there, and the document says so, whatever an installation is for.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from workflow.api.auth import Operator, Reader
from workflow.api.context import context_of
from workflow.api.http import prefer
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.clock import SandboxClock, monotonic
from workflow.sandbox.advance import (
    Advance,
    AdvanceStatus,
    Standing,
    ask,
    sandbox_clock,
    standing,
    target_of,
)

router = LateRouter(prefix="/v1", tags=["sandbox"])

PLACE = "/v1/clock"
_EVERY = 0.05
"""Seconds between two looks for one who waits: operators of a sandbox are few."""
_READING = described(Kind.UNAUTHENTICATED, Kind.CONFLICT, Kind.UNAVAILABLE)
_MOVING = _READING | described(Kind.FORBIDDEN, Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE, Kind.INVALID)
_DURATION = "^P(?=[0-9T])([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{1,6})?S)?)?$"
_INSTANT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""For the document alone: what is wrong with a text is said by who reads it."""


class AdvanceWish(BaseModel):
    """How far the clock is to be moved: by a duration, or to an instant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["by"]}, {"required": ["to"]}],
            "examples": [{"by": "PT2H"}, {"to": "2026-07-01T12:00:00Z"}],
        },
    )

    by: str = Field(
        "",
        max_length=64,
        description="ISO 8601 duration, P400D at most.",
        json_schema_extra={"pattern": _DURATION},
    )
    to: str = Field(
        "",
        max_length=64,
        description="RFC 3339 instant, later than the clock by P400D at most.",
        json_schema_extra={"format": "date-time", "pattern": _INSTANT},
    )
    leave_tasks: bool = Field(
        False,
        description="Go on although tasks of other code bases are under way, as if they took that long.",
    )


class ClockView(BaseModel):
    """Where a sandbox's clock stands.

    Attributes:
        status: `advancing` while it is being moved; `ready` when all is done that was due until where it
            stands; `halted` when it could not be moved as far as it was to be.
        now: its instant, which is everybody's time here.
        next_due: when something happens by itself next.
        waits_for: while it is advancing, what it waits for before it goes on.
        advance: the latest move of it.
    """

    status: AdvanceStatus
    now: datetime
    next_due: datetime | None
    waits_for: str | None
    advance: Advance | None


def _movable(request: Request, _: Reader) -> SandboxClock:
    """The clock, asked for after the key. Raises NoSandbox where it cannot be moved."""
    return sandbox_clock(context_of(request).runtime.clock)


async def _wish(request: Request, _: Operator, __: Annotated[SandboxClock, Depends(_movable)]) -> AdvanceWish:
    """What the body asks for, read only for who may ask, and where it can be done."""
    return await read_model(request, AdvanceWish)


_MOVING[200] = {"model": ClockView, "description": "It has come to an end within the wait."}
MovableClock = Annotated[SandboxClock, Depends(_movable)]


@router.get(
    "/clock", summary="Where the sandbox's clock stands", response_model=ClockView, responses=_READING
)
def get_clock(request: Request, _: Reader, clock: MovableClock) -> JsonAnswer:
    """Its instant, whether it is being moved, and when something is due next. Outside a sandbox 409."""
    return JsonAnswer(_view(standing(context_of(request).runtime.store, clock)))


@router.post(
    "/clock/advance",
    summary="Move the sandbox's clock",
    status_code=202,
    response_model=ClockView,
    responses=_MOVING,
    openapi_extra=described_body(AdvanceWish) | {"parameters": [prefer.PARAMETER]},
)
async def advance_clock(
    request: Request, key: Operator, clock: MovableClock, wish: Annotated[AdvanceWish, Depends(_wish)]
) -> JsonAnswer:
    """Whatever is due on the way happens at its own instant and in order, carried out by the workers.

    202: it is being moved, `GET /v1/clock` says how far it is. With `Prefer: wait=10` 200, if it has come to
    an end by then. 409 while it is being moved already, and outside a sandbox.
    """
    store = context_of(request).runtime.store
    seconds = prefer.wait_of(request.scope["headers"])

    def begin() -> Standing:
        now = clock.now()
        target = target_of(now, wish.by or None, wish.to or None)
        ask(store, now, target, key.actor, leave_tasks=wish.leave_tasks)
        return standing(store, clock)

    found = await run_in_threadpool(begin)
    until = monotonic() + (seconds or 0)
    while found.status is AdvanceStatus.ADVANCING and monotonic() < until:
        await asyncio.sleep(_EVERY)
        found = await run_in_threadpool(standing, store, clock)
    headers = {"Location": PLACE}
    if seconds is not None:
        headers["Preference-Applied"] = prefer.applied(seconds)
    code = 202 if found.status is AdvanceStatus.ADVANCING else 200
    return JsonAnswer(_view(found), status_code=code, headers=headers)


def _view(found: Standing) -> dict[str, Any]:
    return {
        "status": found.status,
        "now": found.now,
        "next_due": found.next_due,
        "waits_for": found.waits_for,
        "advance": found.advance,
    }
