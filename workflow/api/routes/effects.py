"""Effects, and what a person does about those that were given up: ``/v1/effects``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.api.auth import Operator, Overseer
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, READING, RETRYING, Row
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.maintenance import dead_letters
from workflow.queries.effects import EffectPage, EffectView, effect, effects

router = LateRouter(prefix="/v1", tags=["effects"])


class EffectFilter(Paging):
    """Which effects to list."""

    state: list[Literal["pending", "published", "sending", "settled", "dead", "unknown", "recalled"]] = Field(
        ["dead", "unknown"],
        description="In one of these states. Default: what needs a person.",
    )


class SettlementNote(BaseModel):
    """What a person found out about an effect whose outcome was unknown."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=2000, description="How you know that it happened.")


async def note_of(request: Request, _: Operator) -> SettlementNote:
    """The note in the body, read only for who may write it."""
    return await read_model(request, SettlementNote)


@router.get("/effects", summary="List effects", response_model=EffectPage, responses=LISTING)
def list_effects(request: Request, _: Overseer, wanted: Annotated[EffectFilter, Query()]) -> JsonAnswer:
    """Effects in one of the states, the oldest first."""
    store = context_of(request).runtime.store
    return JsonAnswer(effects(store, wanted.state, limit=wanted.limit, cursor=wanted.cursor))


@router.get("/effects/{effect_id}", summary="One effect", response_model=EffectView, responses=READING)
def get_effect(request: Request, _: Overseer, effect_id: Row) -> JsonAnswer:
    """One effect with its payload and its receipt."""
    return JsonAnswer(effect(context_of(request).runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/retry",
    summary="Carry an effect out again",
    response_model=EffectView,
    responses=RETRYING,
)
def retry_effect(request: Request, _: Operator, effect_id: Row) -> JsonAnswer:
    """For a dead effect, or an unknown one that did not happen after all. Its idempotency key stays.

    What was sent in one message with it is tried again, too.
    """
    runtime = context_of(request).runtime
    dead_letters.retry_effect(runtime.store, effect_id, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/settle",
    summary="Say that an effect happened",
    response_model=EffectView,
    responses=RETRYING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE),
    openapi_extra=described_body(SettlementNote),
)
def settle_effect(
    request: Request, key: Operator, effect_id: Row, said: Annotated[SettlementNote, Depends(note_of)]
) -> JsonAnswer:
    """For an unknown or dead effect that turned out to have happened: it is not carried out again.

    What was sent in one message with it happened, too.
    """
    runtime = context_of(request).runtime
    dead_letters.settle_effect(runtime.store, effect_id, said.note, key.actor, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))
