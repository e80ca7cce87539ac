"""Who has changes sent to them: ``/v1/subscriptions``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from state_machines.values.time_errors import TimeError
from workflow.api.auth import Operator
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING, READING, STORABLE
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.subscription_requests import (
    AttemptQuery,
    NewSecret,
    Redelivery,
    RedeliveryAnswer,
    Rotation,
    SubscriptionChange,
    SubscriptionWish,
)
from workflow.errors import InvalidQuery
from workflow.queries.cursor import row_of
from workflow.subscriptions import attempts as tried
from workflow.subscriptions import book, redelivery
from workflow.subscriptions.attempts import AttemptPage
from workflow.subscriptions.book import NewSubscription, SubscriptionPage, Wish
from workflow.subscriptions.checking import check
from workflow.subscriptions.networks import networks_of
from workflow.subscriptions.subscription import Subscription

router = LateRouter(prefix="/v1", tags=["subscriptions"])

_Id = Annotated[str, Path(description="The subscription's id.", max_length=100, pattern=STORABLE)]
_MOST_OVERLAP = timedelta(days=30)

_WRITING = LISTING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE)
_CHANGING = READING | _WRITING


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
        redelivery.redeliver_since(runtime.store, id, wanted.since, runtime.clock.now())
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
