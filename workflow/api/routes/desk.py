"""The desk: ``/v1/desk``. Who may take what is decided by the engine; an answer says what it decided."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from workflow.access.principal import Principal
from workflow.api.auth import AtDesk, LineReader, SubjectReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import page_limit
from workflow.api.http.parameters import LISTING, LONGEST_KEY, READING
from workflow.api.http.problems import Kind as Problem
from workflow.api.http.problems import Refusal
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.desk_requests import CallOutcome, ClaimRequest, EscalationOutcome
from workflow.api.routes.desk_responses import described_results, desk_of, response_to
from workflow.api.routes.desk_speaker import speaker
from workflow.recovery.desk.desk import DeskClaim, DeskResult
from workflow.recovery.desk.item import Item, Kind
from workflow.recovery.desk.line import Wishes, find, line

router = LateRouter(prefix="/v1/desk", tags=["desk"])
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Key = Annotated[str, Path(description="The subject's key.", max_length=LONGEST_KEY)]


def _described(body: type[BaseModel]) -> dict[str, Any]:
    """What all operations have in common that act on a call or an escalation, for OpenAPI."""
    return {
        "response_model": DeskResult,
        "responses": described_results(DeskResult),
        "openapi_extra": described_body(body),
    }


class Line(BaseModel):
    """The first of the line."""

    items: list[Item]


class LineFilter(BaseModel):
    """Whose line to show. An unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")

    kind: list[Kind] = Field(default_factory=lambda: list(Kind), min_length=1, max_length=2)
    skill: list[_Name] | None = Field(None, max_length=100, description="What they can do; unsaid: anything.")
    language: list[_Name] | None = Field(
        None, max_length=100, description="What they speak; unsaid: anything."
    )
    desk: _Name | None = Field(None, description="Only what is for this desk, or for none in particular.")
    limit: int = page_limit(50, 500)


@router.get("/line", summary="Who waits for a person", response_model=Line, responses=LISTING)
def get_line(request: Request, holder: LineReader, wanted: Annotated[LineFilter, Query()]) -> JsonAnswer:
    """Calls whose customer may be called now, and escalations that nobody has.

    By the promised instant, else by when it is expected or should be taken on; then by waiting time.
    """
    runtime = context_of(request).runtime
    wishes = Wishes(
        tuple(wanted.kind),
        None if wanted.skill is None else frozenset(wanted.skill),
        None if wanted.language is None else frozenset(wanted.language),
        wanted.desk,
        _desks_of(holder),
    )
    return JsonAnswer({"items": line(runtime.store, runtime.clock.now(), wishes, wanted.limit)})


@router.post(
    "/claim",
    summary="Take on the next of the line, or a named one",
    **_described(ClaimRequest),
)
async def post_claim(request: Request, holder: AtDesk) -> JsonAnswer:
    """`claimed` with the item, or `empty`. 409: the named one is somebody else's, or cannot be had now.

    A claim is a lease; without an outcome the call goes back to the line.
    """
    wanted = await read_model(request, ClaimRequest)
    context = context_of(request)
    if wanted.dial is not None and not context.runtime.settings.can_dial:
        raise Refusal.of(
            Problem.INVALID,
            "body.dial",
            "not-configured",
            "no telephone service is set up here (MAKEGOOD_TWILIO_…); dial the item's `number` by hand",
        )
    by = await speaker(request, holder, wanted.by, *wanted.kinds)
    claim = DeskClaim(
        wanted.id, by, wanted.subject, wanted.wishes(_desks_of(holder)), wanted.dial, wanted.patience
    )
    return response_to(await desk_of(context, holder).claim(claim))


@router.post(
    "/callbacks/{key:path}/outcome",
    summary="How a call went",
    **_described(CallOutcome),
)
async def post_call_outcome(request: Request, holder: AtDesk, key: _Key) -> JsonAnswer:
    """`reached` and `customer_calls` end it; all else has it come back in the customer's hours."""
    return await _told(request, holder, Kind.CALLBACK, key, CallOutcome)


@router.post(
    "/escalations/{key:path}/outcome",
    summary="What somebody does about an escalation",
    **_described(EscalationOutcome),
)
async def post_escalation_outcome(request: Request, holder: AtDesk, key: _Key) -> JsonAnswer:
    """`resolved` ends it; `refused` goes on to the next level; `reassigned` comes back if not taken on."""
    return await _told(request, holder, Kind.ESCALATION, key, EscalationOutcome)


@router.get("/items/{key:path}", summary="One call or escalation", response_model=Item, responses=READING)
def get_item(request: Request, _: SubjectReader, key: _Key) -> JsonAnswer:
    """As it stands now, whoever has it."""
    return JsonAnswer(find(context_of(request).runtime.store, key))


def _desks_of(holder: Principal) -> frozenset[str] | None:
    """The desks whose line they see: a person with teams sees theirs, and what is nobody's in particular."""
    return frozenset(holder.teams) if holder.person is not None and holder.teams else None


async def _told(
    request: Request,
    holder: Principal,
    kind: Kind,
    key: str,
    model: type[CallOutcome] | type[EscalationOutcome],
) -> JsonAnswer:
    """Tell a subject of this kind the outcome in the body; `key` may be its id alone."""
    said = await read_model(request, model)
    full = key if ":" in key else f"{kind.value}:{key}"
    if not full.startswith(f"{kind.value}:"):
        raise Refusal.of(Problem.NOT_FOUND, "path", "not-found", f"{full!r} is no {kind.value}")
    trigger, data = said.event(await speaker(request, holder, said.by, kind.value))
    desk = desk_of(context_of(request), holder)
    return response_to(await desk.tell(full, trigger, data, said.id, said.patience))
