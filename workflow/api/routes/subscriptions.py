"""Who has changes sent to them: ``/v1/subscriptions``."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.expressions.fact_conditions import LONGEST
from state_machines.values.durations import parse_duration
from state_machines.values.time_errors import TimeError
from workflow.api.auth import Operator
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.parameters import LISTING, READING, STORABLE, Name, SubjectKey
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.errors import InvalidQuery
from workflow.queries.changes import ChangeFilter
from workflow.queries.cursor import row_of
from workflow.subscriptions import attempts as tried
from workflow.subscriptions import book, redelivery
from workflow.subscriptions.attempts import AttemptPage
from workflow.subscriptions.book import NewSubscription, SubscriptionPage, Wish
from workflow.subscriptions.checking import LONGEST_URL, check
from workflow.subscriptions.networks import networks_of
from workflow.subscriptions.subscription import Subscription

router = APIRouter(prefix="/v1", tags=["subscriptions"])

_Text = Annotated[str, Field(max_length=500, pattern=STORABLE)]
_Url = Annotated[str, Field(max_length=LONGEST_URL, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
_Team = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
_Condition = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=STORABLE)]
_Id = Annotated[str, Path(description="The subscription's id.", max_length=100, pattern=STORABLE)]
_MOST_OVERLAP = timedelta(days=30)
_SECONDS_PATTERN = r"^P(?=[0-9T])([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"

_WRITING = LISTING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE)
_CHANGING = READING | _WRITING


class ChangeChoice(BaseModel):
    """Which changes are sent; of each list one must fit, and an empty one narrows nothing."""

    model_config = ConfigDict(extra="forbid")

    lifecycles: list[Name] = Field(default_factory=list, max_length=50)
    triggers: list[Name] = Field(default_factory=list, max_length=50)
    states: list[Name] = Field(
        default_factory=list, max_length=50, description="That they led to, or stayed in."
    )
    teams: list[_Team] = Field(
        default_factory=list, max_length=50, description="With which the subject was then."
    )
    outcomes: list[Literal["moved", "stayed", "refused"]] = Field(default_factory=list, max_length=3)
    subject: SubjectKey | None = Field(None, description="Only about this subject.")

    def filter(self) -> ChangeFilter:
        """As queries take it."""
        return ChangeFilter(
            self.lifecycles, self.triggers, self.states, self.teams, self.outcomes, self.subject
        )


class SubscriptionWish(ChangeChoice):
    """A subscription that is to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://erp.example/hooks/makegood",
                    "lifecycles": ["promise"],
                    "states": ["broken"],
                    "condition": "change.data.team == 'north'",
                }
            ]
        },
    )

    url: _Url = Field(description="Where changes are posted to, `https://…`.")
    description: _Text = Field("", description="For people.")
    condition: _Condition | None = Field(
        None, description="CEL over `change`, the CloudEvent that would be sent; it must hold as well."
    )
    after: Annotated[str, Field(max_length=100)] | None = Field(
        None,
        description="The cursor of `GET /v1/changes` behind which it begins. Without it, behind all that is "
        "recorded by now.",
    )


class SubscriptionChange(BaseModel):
    """What is to be different. What is not said stays; the choice of changes is replaced as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "paused"}]})

    url: _Url | None = None
    description: _Text | None = None
    choice: ChangeChoice | None = Field(None, description="Which changes are sent, all of it.")
    condition: Annotated[str, Field(max_length=LONGEST, pattern=STORABLE)] | None = Field(
        None, description="An empty text takes it away."
    )
    status: Literal["active", "paused"] | None = Field(
        None, description="`active` also lets one that was disabled go on where it stood."
    )


class Redelivery(BaseModel):
    """What is to be sent once more: one change, or everything since an instant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["change"]}, {"required": ["since"]}],
            "examples": [{"change": "promise:P-17/3"}, {"since": "2026-07-01T00:00:00Z"}],
        },
    )

    change: Annotated[str, Field(min_length=3, max_length=300, pattern=STORABLE)] | None = None
    since: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one(self) -> Redelivery:
        if (self.change is None) == (self.since is None):
            raise ValueError("say either change or since")
        return self


class RedeliveryAnswer(BaseModel):
    """Whether it was put in the queue; `false`: it is still to be sent anyway."""

    queued: bool


class Rotation(BaseModel):
    """How long the old secret counts beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap": "P1D"}]})

    overlap: str = Field(
        "P1D",
        max_length=64,
        description="ISO 8601 duration, P30D at most; PT0S where the old one is known to others.",
        json_schema_extra={"pattern": _SECONDS_PATTERN},
    )


class NewSecret(BaseModel):
    """The new secret, which is not shown again."""

    secret: str


class Paging(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="How many a page has at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


class AttemptQuery(Paging):
    """Which attempts."""

    failed: bool = Field(False, description="Only those that did not arrive.")


async def _wish(request: Request, _: Operator) -> SubscriptionWish:
    return await read_model(request, SubscriptionWish)


async def _patch(request: Request, _: Operator) -> SubscriptionChange:
    return await read_model(request, SubscriptionChange)


async def _redelivery(request: Request, _: Operator) -> Redelivery:
    return await read_model(request, Redelivery)


async def _rotation(request: Request, _: Operator) -> Rotation:
    return await read_model(request, Rotation)


@router.post(
    "/subscriptions",
    summary="Have changes sent to an address",
    status_code=201,
    response_model=NewSubscription,
    responses=_WRITING,
    openapi_extra=described_body(SubscriptionWish),
)
def create_subscription(
    request: Request, holder: Operator, wish: Annotated[SubscriptionWish, Depends(_wish)]
) -> JsonAnswer:
    """From now on, or from a cursor on. The answer has the secret with which every message is signed."""
    context = context_of(request)
    _check(context, wish.url, wish.condition)
    after = context.feed.newest() if wish.after is None else _row(wish.after)
    made = book.create(
        context.runtime.store,
        Wish(wish.url, wish.filter(), after, wish.condition, wish.description),
        holder.actor,
        context.runtime.clock.now(),
    )
    location = f"/v1/subscriptions/{made.subscription.id}"
    return JsonAnswer(made, status_code=201, headers={"Location": location})


@router.get(
    "/subscriptions", summary="List subscriptions", response_model=SubscriptionPage, responses=LISTING
)
def list_subscriptions(request: Request, _: Operator, wanted: Annotated[Paging, Query()]) -> JsonAnswer:
    """The oldest first, each with how it goes; no secrets."""
    return JsonAnswer(
        book.listed(context_of(request).runtime.store, limit=wanted.limit, cursor=wanted.cursor)
    )


@router.get("/subscriptions/{id}", summary="One subscription", response_model=Subscription, responses=READING)
def get_subscription(request: Request, _: Operator, id: _Id) -> JsonAnswer:
    """What it is for, and how it goes: whether something fails, and since when."""
    return JsonAnswer(book.found(context_of(request).runtime.store, id))


@router.patch(
    "/subscriptions/{id}",
    summary="Change a subscription",
    response_model=Subscription,
    responses=_CHANGING,
    openapi_extra=described_body(SubscriptionChange),
)
def change_subscription(
    request: Request, _: Operator, id: _Id, patch: Annotated[SubscriptionChange, Depends(_patch)]
) -> JsonAnswer:
    """Another address, another choice, paused or active again. It goes on where it stands."""
    context = context_of(request)
    _check(context, patch.url, patch.condition or None)
    said: dict[str, Any] = patch.model_dump(exclude_none=True, exclude={"choice", "condition"})
    if patch.choice is not None:
        said["wanted"] = patch.choice.filter()
    if patch.condition is not None:
        said["condition"] = patch.condition or None
    return JsonAnswer(book.change(context.runtime.store, id, said, context.runtime.clock.now()))


@router.delete("/subscriptions/{id}", summary="Take a subscription away", status_code=204, responses=READING)
def remove_subscription(request: Request, _: Operator, id: _Id) -> Response:
    """Nothing more is sent; its attempts are forgotten."""
    book.remove(context_of(request).runtime.store, id)
    return Response(status_code=204)


@router.get(
    "/subscriptions/{id}/attempts",
    summary="What was sent, and what was answered",
    response_model=AttemptPage,
    responses=READING,
)
def list_attempts(
    request: Request, _: Operator, id: _Id, wanted: Annotated[AttemptQuery, Query()]
) -> JsonAnswer:
    """The newest first, as long as they are kept."""
    store = context_of(request).runtime.store
    page = tried.attempts(store, id, failed=wanted.failed, limit=wanted.limit, cursor=wanted.cursor)
    return JsonAnswer(page)


@router.post(
    "/subscriptions/{id}/redeliver",
    summary="Have changes sent once more",
    status_code=202,
    response_model=RedeliveryAnswer,
    responses=_CHANGING,
    openapi_extra=described_body(Redelivery),
)
def redeliver(
    request: Request, _: Operator, id: _Id, wanted: Annotated[Redelivery, Depends(_redelivery)]
) -> JsonAnswer:
    """One change, or everything since an instant, under the ids that it had before."""
    runtime = context_of(request).runtime
    queued = True
    if wanted.change is not None:
        queued = redelivery.redeliver_one(runtime.store, id, wanted.change, runtime.clock.now())
    else:
        assert wanted.since is not None
        redelivery.redeliver_since(runtime.store, id, wanted.since.astimezone(UTC), runtime.clock.now())
    return JsonAnswer({"queued": queued}, status_code=202)


@router.post(
    "/subscriptions/{id}/secret",
    summary="Give a subscription a new secret",
    response_model=NewSecret,
    responses=_CHANGING,
    openapi_extra=described_body(Rotation),
)
def rotate_secret(
    request: Request, _: Operator, id: _Id, wanted: Annotated[Rotation, Depends(_rotation)]
) -> JsonAnswer:
    """For as long as the overlap every message has a signature by each, in one header."""
    runtime = context_of(request).runtime
    secret = book.rotate(runtime.store, id, _overlap(wanted.overlap), runtime.clock.now())
    return JsonAnswer({"secret": secret})


def _check(context: ApiContext, url: str | None, condition: str | None) -> None:
    check(url, condition, networks_of(context.runtime.settings.subscription_networks))


def _row(cursor: str) -> int:
    try:
        return row_of(cursor)
    except InvalidQuery:
        raise InvalidQuery([Problem("after", "cursor", "is not the cursor of an answer")]) from None


def _overlap(text: str) -> timedelta:
    try:
        found = parse_duration(text)
    except TimeError as error:
        rule = "distance" if error.rule == "duration-length" else "duration"
        raise InvalidQuery([Problem("overlap", rule, error.message)]) from None
    if not timedelta(0) <= found <= _MOST_OVERLAP:
        raise InvalidQuery([Problem("overlap", "distance", "must be from PT0S to P30D")])
    return found
