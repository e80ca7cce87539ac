"""What the ledger records, as it goes on: ``/v1/changes`` and ``/v1/changes/stream``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.api.auth import ListReader
from workflow.api.context import ApiContext, context_of
from workflow.api.feed.change_feed import ChangeFeed, Told
from workflow.api.http import prefer
from workflow.api.http.bearer import bearer_text
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import page_limit
from workflow.api.http.parameters import LISTING, STORABLE, Name, SubjectKey
from workflow.api.http.problems import Kind, described
from workflow.clock import monotonic
from workflow.errors import InvalidQuery
from workflow.queries.change_events import ChangeEvent
from workflow.queries.changes import ChangeFilter
from workflow.queries.cursor import cursor_after, row_of

router = LateRouter(prefix="/v1", tags=["changes"])

NOW = "now"
"""Instead of a cursor: behind everything that is recorded by now."""
RETRY_MILLISECONDS = 1_000
"""After so long a browser opens a stream anew that has ended."""
CHECKED = 10.0
"""Seconds after which a stream looks whether its key still permits it, and says how far it is."""

_Team = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
_Cursor = Annotated[str, Field(min_length=1, max_length=100)]


class ChangeQuery(BaseModel):
    """Which changes. An unknown parameter is refused: a misspelt filter must not send everything."""

    model_config = ConfigDict(extra="forbid")

    after: _Cursor | None = Field(
        None,
        description="Only behind this cursor, the `next` of an answer or the `id` of a stream's event; "
        "`now`: behind all that is recorded by now. Without it from the beginning of the ledger.",
    )
    lifecycle: list[Name] = Field(
        default_factory=list, max_length=50, description="Only about subjects of this lifecycle, or of these."
    )
    trigger: list[Name] = Field(default_factory=list, max_length=50, description="Only of these triggers.")
    state: list[Name] = Field(
        default_factory=list,
        max_length=50,
        description="Only what led to one of these states, or stayed in it.",
    )
    team: list[_Team] = Field(
        default_factory=list,
        max_length=50,
        description="Only where the subject was with one of these teams then.",
    )
    outcome: list[Literal["moved", "stayed", "refused"]] = Field(
        default_factory=list, max_length=3, description="Only with one of these outcomes."
    )
    subject: SubjectKey | None = Field(None, description="Only about this subject.")

    def filter(self) -> ChangeFilter:
        """The same for a query."""
        return ChangeFilter(self.lifecycle, self.trigger, self.state, self.team, self.outcome, self.subject)


class ChangePageQuery(ChangeQuery):
    """Which changes, and how many a page has."""

    limit: int = page_limit(100, 1000)


class ChangeList(BaseModel):
    """Changes in order, and where to go on.

    Attributes:
        next: the cursor behind them: give it as `after`, now or whenever.
        more: whether there is more behind it already. A page may be empty and say so: a filter that fits
            little is applied to a part of the ledger at a time.
    """

    items: list[ChangeEvent]
    next: str
    more: bool


@router.get(
    "/changes",
    summary="Read what the ledger records, from a cursor on",
    response_model=ChangeList,
    responses=LISTING,
    openapi_extra={"parameters": [prefer.parameter("until there is a change")]},
)
async def list_changes(
    request: Request, _: ListReader, wanted: Annotated[ChangePageQuery, Query()]
) -> Response:
    """Every decision as a CloudEvent, each once and those of one subject in order, however often a reader
    stops.

    Whoever always goes on from `next` gets every change: nothing is shown as long as something before it may
    still be committed. With `Prefer: wait=5` an answer that would be empty waits until there is a change.
    """
    feed, chosen = context_of(request).feed, wanted.filter()
    after = await _start(feed, wanted.after)
    seconds = prefer.wait_of(request.scope["headers"])
    found = await run_in_threadpool(feed.read, chosen, after, wanted.limit)
    if seconds is not None:
        found = await _waited(feed, chosen, found, wanted.limit, seconds)
    items = b",".join(one.text for one in found.items)
    text = b'{"items":[%s],"next":"%s","more":%s}' % (
        items,
        cursor_after(found.last).encode(),
        b"true" if found.more else b"false",
    )
    headers = {} if seconds is None else {"Preference-Applied": prefer.applied(seconds)}
    return Response(text, media_type="application/json", headers=headers)


async def _waited(feed: ChangeFeed, chosen: ChangeFilter, found: Told, limit: int, seconds: int) -> Told:
    until = monotonic() + seconds
    while not found.items and not found.more and not feed.leaving and (left := until - monotonic()) > 0:
        await feed.wait(found.last, left)
        found = await feed.page(chosen, found.last, limit)
    return found


async def _stream_place(request: Request, _: ListReader) -> AsyncIterator[ApiContext]:
    """Room for one more stream, asked for after the key."""
    context = context_of(request)
    context.feed.enter()
    try:
        yield context
    finally:
        context.feed.leave()


async def _stream_start(
    context: Annotated[ApiContext, Depends(_stream_place)],
    wanted: Annotated[ChangeQuery, Query()],
    last_event_id: Annotated[
        _Cursor | None,
        Header(description="Where a stream that was cut off goes on, instead of `after`; browsers send it."),
    ] = None,
) -> int:
    """The row behind which the stream begins, found before anything is answered."""
    field, cursor = ("Last-Event-ID", last_event_id) if last_event_id else ("query.after", wanted.after)
    return await _start(context.feed, cursor, field)


@router.get(
    "/changes/stream",
    summary="Follow what the ledger records, live",
    response_class=EventSourceResponse,
    responses=LISTING | described(Kind.BUSY),
)
async def stream_changes(
    request: Request,
    context: Annotated[ApiContext, Depends(_stream_place)],
    wanted: Annotated[ChangeQuery, Query()],
    after: Annotated[int, Depends(_stream_start)],
) -> AsyncIterator[ServerSentEvent]:
    """The same changes as server-sent events (`event: change`), as they are recorded.

    The `id` of each is a cursor: a reader that is cut off sends the last one as `Last-Event-ID`, as browsers
    do by themselves, and misses nothing. Events without data only carry the cursor on. Every 15 seconds
    without any there is a comment. A stream ends when its key does, and when the server does.
    """
    feed, chosen = context.feed, wanted.filter()
    said, checked = after, monotonic()
    yield ServerSentEvent(retry=RETRY_MILLISECONDS, id=cursor_after(after))
    while not feed.leaving:
        found = await feed.page(chosen, after)
        after = found.last
        for one in found.items:
            said = one.change.row
            yield ServerSentEvent(raw_data=one.text.decode(), event="change", id=cursor_after(said))
        if monotonic() - checked >= CHECKED:
            if not await _still_permitted(request, context):
                return
            if said < after:
                said = after
                yield ServerSentEvent(id=cursor_after(after))
            checked = monotonic()
        if not found.more:
            await feed.wait(after, CHECKED)


async def _still_permitted(request: Request, context: ApiContext) -> bool:
    text = bearer_text(request.headers["authorization"].encode("latin-1"))
    keyring = context.keyring
    return (keyring.recall(text) or await run_in_threadpool(keyring.verify, text)) is not None


async def _start(feed: ChangeFeed, cursor: str | None, field: str = "query.after") -> int:
    if cursor == NOW:
        return await run_in_threadpool(feed.newest)
    try:
        return row_of(cursor)
    except InvalidQuery:
        message = "is not the cursor of an earlier answer"
        raise InvalidQuery([Problem(field, "cursor", message)]) from None
