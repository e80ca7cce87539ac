"""What open pages ask for by themselves: hints that something has changed, who else is here, and how long the
session lasts.

None of it makes a session last longer, but for the one request that says: I am still there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, TypedDict

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from workflow.access import presence, sessions
from workflow.access.role import AT_DESK
from workflow.api.auth import may_read
from workflow.api.browser import AnyForm, Me, SignedIn, limits_of, people_now
from workflow.api.context import ApiContext, context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.session_cookie import token_in
from workflow.clock import monotonic
from workflow.console.form_values import text_in
from workflow.console.hints import hint_of, topic
from workflow.console.line_pages import desks_of
from workflow.console.rendering import page
from workflow.queries.changes import ChangeFilter
from workflow.queries.subjects import opened_subject
from workflow.recovery.desk.item import Kind
from workflow.recovery.desk.line import Wishes, line

router = LateRouter(include_in_schema=False)
RETRY_MILLISECONDS = 1_000
"""After so long a browser opens a stream anew that was cut off."""
BEAT = 10.0
"""Seconds after which a stream looks whether its session lasts, and says so: silence means that it is cut."""
_EVERYTHING = ChangeFilter()
_WAITING = 50
_FOLLOWED_UP = 2_000
"""So many rows of the ledger are told to a page that opens; behind more it looks at everything anew."""
_MOST_DIGITS = 19
_Row = Annotated[int, Query(ge=0, lt=2**63)]


class SessionLeft(TypedDict):
    """How long a session lasts: whole seconds if it is not used, and whole seconds however it is used."""

    left: int
    longest: int


async def _place(request: Request, me: Me) -> AsyncIterator[ApiContext]:
    """Room for one more stream, asked for by somebody who has signed in."""
    context = context_of(request)
    context.feed.enter()
    try:
        yield context
    finally:
        context.feed.leave()


@router.get("/live", response_class=EventSourceResponse)
async def follow(
    request: Request,
    me: Me,
    context: Annotated[ApiContext, Depends(_place)],
    after: _Row | None = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Hints as server-sent events, as long as the session lasts: ``hint``, ``missed``, ``beat``, ``ended``.

    The id of each is the row of the ledger up to which it tells of everything. It begins behind the row that
    the page shows (`after`), or with the last id that the browser has heard; without either, with what comes.
    ``missed`` says that more lies between than is told.
    """
    feed = context.feed
    newest = await run_in_threadpool(feed.newest)
    known = _row_in(last_event_id)
    known = after if known is None else known
    missed = known is not None and newest - known > _FOLLOWED_UP
    after = newest if known is None or missed else min(known, newest)
    left = session_left(request, me)
    yield ServerSentEvent(event="beat", data=left, id=str(after), retry=RETRY_MILLISECONDS)
    if missed:
        yield ServerSentEvent(event="missed", data={}, id=str(after))
    checked = monotonic()
    while not feed.leaving:
        found = await feed.page(_EVERYTHING, after)
        after = found.last
        hint = hint_of((one.change for one in found.items), me.holder)
        if hint is not None:
            yield ServerSentEvent(event="hint", data=hint, id=str(after))
        if monotonic() - checked >= BEAT:
            still = await run_in_threadpool(_still, request)
            if still is None:
                yield ServerSentEvent(event="ended", data={})
                return
            yield ServerSentEvent(event="beat", data=still, id=str(after))
            checked = monotonic()
        if not found.more:
            await feed.wait(after, BEAT)


@router.get("/live/session")
def session_now(request: Request, me: Me) -> Response:
    """How long the session lasts; with the header of `BY_ITSELF` asking does not make it last longer."""
    return _told(session_left(request, me))


@router.get("/live/waiting")
def waiting(request: Request, me: Me) -> Response:
    """Who waits that they could take now, by topic: the first of their line."""
    runtime, holder = context_of(request).runtime, me.holder
    found = []
    if holder.role in AT_DESK and all(holder.bounds.may_read(kind.value) for kind in Kind):
        found = line(runtime.store, runtime.clock.now(), Wishes(desks=desks_of(holder)), _WAITING)
    said = {"waiting": [topic(one.key) for one in found]}
    return JSONResponse(said, headers={"Cache-Control": "no-store"})


@router.post("/live/session")
def stay(request: Request, me: Me, _: AnyForm) -> Response:
    """Somebody says that they are still there: the session lasts on."""
    return _told(session_left(request, me))


@router.post("/live/here")
async def here(request: Request, me: Me, said: AnyForm) -> Response:
    """Somebody has the page of a subject open, or has just closed it: who else looks at it, as a part."""
    return await run_in_threadpool(_here, request, me, said)


def _row_in(text: str | None) -> int | None:
    """The row that the id of an event says; None: it is none of ours."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS):
        return None
    return int(text)


def session_left(request: Request, me: SignedIn) -> SessionLeft:
    """Of the session with which this request came."""
    limits, now = limits_of(context_of(request).runtime.settings), people_now(request)
    return _left(me.session.ends_at(limits) - now, me.session.expires_at - now)


def _left(idle: timedelta, longest: timedelta) -> SessionLeft:
    return SessionLeft(left=int(idle.total_seconds()), longest=int(longest.total_seconds()))


def _still(request: Request) -> SessionLeft | None:
    """The same as it is by now; None once the session is over. A stream is no use of it."""
    runtime = context_of(request).runtime
    token = token_in(request, runtime.settings.public_url)
    limits, now = limits_of(runtime.settings), people_now(request)
    found = token and sessions.find(runtime.store, token, now, limits, used=False)
    return _left(found[0].ends_at(limits) - now, found[0].expires_at - now) if found else None


def _here(request: Request, me: SignedIn, said: dict[str, str]) -> Response:
    store, now = context_of(request).runtime.store, people_now(request)
    subject = text_in(said, "subject") or ""
    may_read(me.holder, subject.partition(":")[0])
    opened_subject(store, subject)
    if said.get("gone") == "yes":
        presence.leave(store, subject, me.person)
    else:
        presence.note(store, subject, me.person, now)
    return page(request, "presence.html", others=presence.others(store, subject, me.person, now))


def _told(said: SessionLeft) -> Response:
    return JSONResponse(said, headers={"Cache-Control": "no-store"})
