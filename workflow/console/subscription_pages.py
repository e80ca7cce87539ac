"""A subscription: what was sent, what was answered, and what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserOperator, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.console.form_values import instant_in, text_in
from workflow.console.integrate_pages import PLACE as ABOVE
from workflow.console.integrate_pages import duration_in
from workflow.console.rendering import page, see_other
from workflow.console.viewer import viewer_of
from workflow.errors import InvalidQuery, NotFound
from workflow.queries.changes import ChangeFilter
from workflow.store.port import Store
from workflow.subscriptions import attempts, book, redelivery
from workflow.subscriptions.checking import check
from workflow.subscriptions.networks import networks_of
from workflow.subscriptions.subscription import SubscriptionStatus

router = LateRouter(include_in_schema=False)
PLACE = f"{ABOVE}/subscriptions"
_Id = Annotated[str, Path(max_length=100, pattern=STORABLE)]
_SHOWN = 50
_MOST_OVERLAP = timedelta(days=30)


class AttemptsQuery(BaseModel):
    """Which attempts to show."""

    failed: bool = False
    cursor: str | None = Field(None, max_length=100)


@router.post(PLACE)
async def subscribe(request: Request, holder: BrowserOperator, said: OperatorsForm) -> Response:
    """Have changes sent to an address, from now on; the page shows its secret, once."""
    return await run_in_threadpool(_subscribed, request, holder, said)


@router.get(f"{PLACE}/{{id}}")
def subscription_page(
    request: Request, _: BrowserOperator, id: _Id, wanted: Annotated[AttemptsQuery, Query()]
) -> Response:
    """How it goes, and the newest attempts. Raises NotFound."""
    return _shown(request, id, wanted)


@router.post(f"{PLACE}/{{id}}")
async def change_subscription(request: Request, _: BrowserOperator, id: _Id, said: OperatorsForm) -> Response:
    """Send one change or all since an instant once more; pause or go on; a new secret. Raises NotFound."""
    return await run_in_threadpool(_changed, request, id, said)


def _subscribed(request: Request, holder: Principal, said: dict[str, str]) -> Response:
    context = context_of(request)
    runtime, url = context.runtime, text_in(said, "url") or ""
    lifecycles = said.get("lifecycles", "").replace(",", " ").split()
    try:
        check(url, text_in(said, "condition"), networks_of(runtime.settings.subscription_networks))
        unknown = [one for one in lifecycles if one not in runtime.registry.names()]
        if unknown:
            raise InvalidQuery([Problem("lifecycles", "unknown", f"there is no lifecycle {unknown[0]!r}")])
    except InvalidQuery as error:
        return page(request, "subscribe.html", at=ABOVE, status=422, said=said, problems=error.problems)
    wish = book.Wish(
        url,
        ChangeFilter(lifecycles, [], [], [], [], None),
        context.feed.newest(),
        text_in(said, "condition"),
        (text_in(said, "description") or "")[:500],
    )
    made = book.create(runtime.store, wish, holder.actor, runtime.clock.now())
    return _shown(request, made.subscription.id, AttemptsQuery(), secret=made.secret)


def _changed(request: Request, id: str, said: dict[str, str]) -> Response:
    runtime, what = context_of(request).runtime, said.get("what")
    store, now = runtime.store, runtime.clock.now()
    place = f"{PLACE}/{id}"
    try:
        if what == "resend":
            sent = _sent_again(store, id, said.get("change", ""), now)
            return see_other(place, done="resent" if sent else "still_to_be_sent")
        if what == "recover":
            since = instant_in(said, "since", viewer_of(request).zone)
            if since is None:
                raise InvalidQuery([Problem("since", "required", "must say since when")])
            redelivery.redeliver_since(store, id, since.astimezone(UTC), now)
            return see_other(place, done="resent")
        if what == "secret":
            overlap = duration_in(said, "overlap", _MOST_OVERLAP)
            secret = book.rotate(store, id, timedelta(days=1) if overlap is None else overlap, now)
            return _shown(request, id, AttemptsQuery(), secret=secret)
    except InvalidQuery as error:
        return _shown(request, id, AttemptsQuery(), said=said, problems=error.problems, status=422)
    if what not in ("pause", "go_on"):
        raise NotFound("form: it says nothing that can be done")
    status = SubscriptionStatus.PAUSED if what == "pause" else SubscriptionStatus.ACTIVE
    book.change(store, id, {"status": status.value}, now)
    return see_other(place, done="acted")


def _sent_again(store: Store, id: str, change: str, now: datetime) -> bool:
    try:
        return redelivery.redeliver_one(store, id, change, now)
    except NotFound:
        book.found(store, id)  # without it there is no page to come back to
        raise InvalidQuery([Problem("change", "gone", "is not in the ledger any more")]) from None


def _shown(
    request: Request,
    id: str,
    wanted: AttemptsQuery,
    *,
    secret: str = "",
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    status: int = 200,
) -> Response:
    store = context_of(request).runtime.store
    found = attempts.attempts(store, id, failed=wanted.failed, limit=_SHOWN, cursor=wanted.cursor)
    return page(
        request,
        "subscription.html",
        at=f"{PLACE}/{id}",
        status=status,
        subscription=book.found(store, id),
        place=f"{PLACE}/{id}",
        attempts=found,
        failed=wanted.failed,
        secret=secret,
        said=said or {},
        problems=problems or [],
    )
