"""Effects that need a person: ``/v1/effects``, and what else was given up: ``/v1/dead-letters``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workflow import dead_letters as revival
from workflow.api.answers import JsonAnswer
from workflow.api.auth import bearer_key, bearer_with
from workflow.api.door import door_of
from workflow.api.problems import Kind, described
from workflow.api.subjects import Name, SubjectKey
from workflow.keys import Key, Role
from workflow.queries.dead_letters import DeadLetters, dead_letters
from workflow.queries.effects import EffectPage, EffectView, effect, effects

router = APIRouter(prefix="/v1", tags=["effects"])

Reader = Annotated[Key, Depends(bearer_key)]
Operator = Annotated[Key, Depends(bearer_with(Role.OPERATOR))]
Row = Annotated[int, Path(ge=1, le=2**63 - 1)]

_READING = described(Kind.UNAUTHENTICATED, Kind.NOT_FOUND, Kind.INVALID, Kind.UNAVAILABLE)
_RETRYING = _READING | described(Kind.FORBIDDEN, Kind.CONFLICT)


class EffectFilter(BaseModel):
    """Which effects to list."""

    model_config = ConfigDict(extra="forbid")

    state: list[Literal["pending", "published", "sending", "settled", "dead", "unknown"]] = Field(
        ["dead", "unknown"],
        description="In one of these states. Default: what needs a person.",
    )
    limit: int = Field(100, ge=1, le=1000, description="How many a page has at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


class Finding(BaseModel):
    """What a person found out about an effect whose outcome was unknown."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=2000, description="How you know that it happened.")


@router.get("/effects", summary="List effects", response_model=EffectPage, responses=_READING)
def list_effects(request: Request, _: Reader, wanted: Annotated[EffectFilter, Query()]) -> JsonAnswer:
    """Effects in one of the states, the oldest first."""
    store = door_of(request).runtime.store
    return JsonAnswer(effects(store, wanted.state, limit=wanted.limit, cursor=wanted.cursor))


@router.get("/effects/{effect_id}", summary="One effect", response_model=EffectView, responses=_READING)
def get_effect(request: Request, _: Reader, effect_id: Row) -> JsonAnswer:
    """One effect with its payload and its receipt."""
    return JsonAnswer(effect(door_of(request).runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/retry",
    summary="Carry an effect out again",
    response_model=EffectView,
    responses=_RETRYING,
)
def retry_effect(request: Request, _: Operator, effect_id: Row) -> JsonAnswer:
    """For a dead effect, or an unknown one that did not happen after all. Its idempotency key stays."""
    runtime = door_of(request).runtime
    revival.revive_effect(runtime.store, effect_id, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/settle",
    summary="Say that an effect happened",
    response_model=EffectView,
    responses=_RETRYING,
)
def settle_effect(request: Request, key: Operator, effect_id: Row, finding: Finding) -> JsonAnswer:
    """For an unknown or dead effect that turned out to have happened: it is not carried out again."""
    runtime = door_of(request).runtime
    revival.settle_effect(runtime.store, effect_id, finding.note, key.id, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))


@router.get(
    "/dead-letters", summary="Events and timers given up", response_model=DeadLetters, responses=_READING
)
def list_dead_letters(
    request: Request, _: Reader, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> JsonAnswer:
    """Whose decision failed, with the fault. Dead effects are under `/v1/effects`."""
    return JsonAnswer(dead_letters(door_of(request).runtime.store, limit))


@router.post(
    "/dead-letters/events/{event_row}/retry",
    status_code=204,
    summary="Decide a dead event again",
    response_class=Response,
    responses=_RETRYING,
)
def retry_event(request: Request, _: Operator, event_row: Row) -> Response:
    """Once the cause is mended."""
    door = door_of(request)
    revival.revive_event(door.runtime.store, event_row)
    door.wake([])
    return Response(status_code=204)


@router.post(
    "/dead-letters/timers/{name}/{subject:path}/retry",
    status_code=204,
    summary="Fire a dead timer again",
    response_class=Response,
    responses=_RETRYING,
)
def retry_timer(
    request: Request,
    _: Operator,
    name: Annotated[Name, Path()],
    subject: Annotated[SubjectKey, Path()],
) -> Response:
    """Once the cause is mended. It fires at once."""
    runtime = door_of(request).runtime
    revival.revive_timer(runtime.store, subject, name, runtime.clock.now())
    return Response(status_code=204)
