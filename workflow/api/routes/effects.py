"""Effects, and what a person does about those that were given up: ``/v1/effects``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflow.api.auth import Operator, Reader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.body import read_body, size_of
from workflow.api.http.json_text import decode
from workflow.api.http.parameters import READING, RETRYING, Row
from workflow.api.http.problems import Kind, described
from workflow.maintenance import dead_letters
from workflow.queries.effects import EffectPage, EffectView, effect, effects

router = APIRouter(prefix="/v1", tags=["effects"])


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


FINDING_BYTES = 16 * 1024


async def finding_of(request: Request, _: Operator) -> Finding:
    """The finding in the body, read only for who may tell it."""
    size_of(dict(request.scope["headers"]).get(b"content-length"), FINDING_BYTES)
    try:
        return Finding.model_validate(decode(await read_body(request.receive, FINDING_BYTES)))
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        ) from None


@router.get("/effects", summary="List effects", response_model=EffectPage, responses=READING)
def list_effects(request: Request, _: Reader, wanted: Annotated[EffectFilter, Query()]) -> JsonAnswer:
    """Effects in one of the states, the oldest first."""
    store = context_of(request).runtime.store
    return JsonAnswer(effects(store, wanted.state, limit=wanted.limit, cursor=wanted.cursor))


@router.get("/effects/{effect_id}", summary="One effect", response_model=EffectView, responses=READING)
def get_effect(request: Request, _: Reader, effect_id: Row) -> JsonAnswer:
    """One effect with its payload and its receipt."""
    return JsonAnswer(effect(context_of(request).runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/retry",
    summary="Carry an effect out again",
    response_model=EffectView,
    responses=RETRYING,
)
def retry_effect(request: Request, _: Operator, effect_id: Row) -> JsonAnswer:
    """For a dead effect, or an unknown one that did not happen after all. Its idempotency key stays."""
    runtime = context_of(request).runtime
    dead_letters.revive_effect(runtime.store, effect_id, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))


@router.post(
    "/effects/{effect_id}/settle",
    summary="Say that an effect happened",
    response_model=EffectView,
    responses=RETRYING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Finding.model_json_schema()}},
        }
    },
)
def settle_effect(
    request: Request, key: Operator, effect_id: Row, finding: Annotated[Finding, Depends(finding_of)]
) -> JsonAnswer:
    """For an unknown or dead effect that turned out to have happened: it is not carried out again."""
    runtime = context_of(request).runtime
    dead_letters.settle_effect(runtime.store, effect_id, finding.note, key.id, runtime.clock.now())
    return JsonAnswer(effect(runtime.store, effect_id))
