"""Moving the open subjects of a lifecycle to another version: ``POST /v1/lifecycles/{name}/migrations``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from workflow.api.auth import Operator
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import LISTING, Name
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.lifecycles import LifecycleName
from workflow.maintenance.migration import (
    BATCH,
    Migration,
    Progress,
    StateMove,
    ask_batch,
    planned,
    preview,
    progress,
)

router = LateRouter(prefix="/v1", tags=["lifecycles"])

MOST = 5_000
"""Subjects that one request asks for."""
_MIGRATING = LISTING | described(Kind.FORBIDDEN, Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE, Kind.INVALID)


def _whole(value: Any) -> Any:
    """`1.0` as 1: an integer has no fraction, however it is written (JSON Schema, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Version = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole)]


class MigrationWish(BaseModel):
    """Who is to be moved where."""

    model_config = ConfigDict(extra="forbid")

    old: _Version = Field(alias="from", description="The version by which they live.")
    new: _Version = Field(alias="to", description="The version by which they are to live.")
    states: dict[Name, Name] = Field(
        default_factory=dict,
        max_length=200,
        description="For states that the new version does not have: that in which those in it go on.",
        json_schema_extra={"additionalProperties": False},  # else names of any other form would fit
    )
    dry_run: bool = Field(False, description="Only say what would become of how many.")


class MigrationStatus(BaseModel):
    """What would become of whom, and how far it is.

    Attributes:
        states: of those who live by the old version, by state.
        asked: how many this request has asked for; they are decided as any event is.
        complete: whether everybody has been asked for by now. Else the same request goes on.
        left: open subjects that live by the old version.
        waiting: of these, those that are asked for and not decided yet.
        moved: those that live by the new one.
        refused: those that were not moved; `refusals` has some of them, with the reason.
    """

    states: list[StateMove]
    asked: int
    complete: bool
    left: int
    waiting: int
    moved: int
    refused: int
    refusals: Sequence[Any]


async def wish_in(request: Request, _: Operator) -> MigrationWish:
    """The body, read only for who may move anybody."""
    return await read_model(request, MigrationWish)


@router.post(
    "/lifecycles/{name}/migrations",
    summary="Move subjects to another version",
    response_model=MigrationStatus,
    responses=_MIGRATING,
    openapi_extra=described_body(MigrationWish),
)
def post_migration(
    request: Request, holder: Operator, name: LifecycleName, wish: Annotated[MigrationWish, Depends(wish_in)]
) -> JsonAnswer:
    """Ask for open subjects of a version, 5,000 at most in one request, each by an event of its own.

    Sent again it goes on; whoever waits for their decision is not asked for twice. What does not fit is
    refused, by subject, and stays as it was.
    """
    context = context_of(request)
    migration = planned(context.runtime.registry, name, wish.old, wish.new, wish.states)
    states = preview(context.runtime.store, migration)
    asked, complete = (0, False) if wish.dry_run else ask_some(context, migration, holder.actor)
    return JsonAnswer(status_of(states, asked, complete, progress(context.runtime.store, migration)))


def ask_some(context: ApiContext, migration: Migration, by: str) -> tuple[int, bool]:
    """Ask for as many as one request may, and wake who decides; how many, and whether that were all."""
    asked = after = looked_at = 0
    while looked_at < MOST:
        batch = ask_batch(context.runtime.engine, migration, by, after)
        if batch.last is None:
            return asked, True
        asked, after, looked_at = asked + batch.asked, batch.last, looked_at + BATCH
        context.wake([])
    return asked, False


def status_of(states: list[StateMove], asked: int, complete: bool, found: Progress) -> dict[str, Any]:
    """As it is answered."""
    return {
        "states": [
            one._asdict() | {"timers": None if one.timers is None else one.timers._asdict()} for one in states
        ],
        "asked": asked,
        "complete": complete,
        "left": found.left,
        "waiting": found.waiting,
        "moved": found.moved,
        "refused": found.refused,
        "refusals": [one._asdict() for one in found.refusals],
    }
