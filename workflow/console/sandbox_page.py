"""The page of a sandbox: its clock with buttons, and what each person would have got.

Who may read everything sees it; an operator's key moves the clock. The forms need no script, and hold a token
that only the page shows (see `workflow.api.browser`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from state_machines.values.instants import format_instant
from workflow.access.principal import Principal
from workflow.api.browser import BrowserHolder, BrowserReader, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.console.rendering import page
from workflow.console.times import clock_of, clock_text
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import AdvanceUnderWay, InvalidAdvance
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.recording import newest, person_of, recording_file
from workflow.recovery.links.urls import base_url, with_paths
from workflow.recovery.packet.local_time import zone_of
from workflow.sandbox.advance import AdvanceStatus, ask, sandbox_clock, standing, target_of

router = LateRouter(include_in_schema=False)

PLACE = "/sandbox"
_NOTICES = 50
"""On the page of one person."""
_OF_ALL = 200
"""That are looked at for the page of everybody."""
_NEWEST = 3
"""Of each person that are shown there."""
_SOON = "1"
"""Seconds after which a browser looks again while the clock is being moved."""


class SandboxQuery(BaseModel):
    """Which notices to show."""

    model_config = ConfigDict(extra="forbid")

    person: str | None = Field(None, min_length=1, max_length=1000, pattern=STORABLE)
    before: int | None = Field(None, ge=0, le=2**63 - 1)


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as its reader would have seen it.

    Attributes:
        at: when, in their zone.
        channel, about, subject, title: as they were recorded.
        place: the address it would have gone to; empty where there is none.
        words: in pieces, each with the path that it leads to, if it is a link.
    """

    at: str
    channel: str
    about: str
    subject: str
    title: str
    place: str
    words: list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and what they would have got.

    Attributes:
        name: what they are called; as a heading.
        word: the same for all channels, as `person_of` has it.
        told: the newest, newest first.
        more: how many stand on this page's part of the recording besides.
    """

    name: str
    word: str
    told: list[Told]
    more: int


@router.get(PLACE)
def sandbox(
    request: Request, holder: BrowserReader, wanted: Annotated[SandboxQuery, Query()]
) -> HTMLResponse:
    """The clock, and what each person would have got, a page at a time."""
    return _shown(request, holder, wanted)


@router.post(f"{PLACE}/advance")
async def advance(request: Request, holder: BrowserHolder, said: OperatorsForm) -> Response:
    """Move the clock, and show the page again; one that is being moved already is shown as it is."""
    return await run_in_threadpool(_advanced, request, holder, said)


def _advanced(request: Request, holder: Principal, said: dict[str, str]) -> Response:
    runtime = context_of(request).runtime
    now = sandbox_clock(runtime.clock).now()
    try:
        target = target_of(now, said.get("by"), said.get("to"))
        ask(runtime.store, now, target, holder.actor, leave_tasks="leave_tasks" in said)
    except InvalidAdvance as error:
        return _shown(request, holder, SandboxQuery(), wrong=error.problems[0].message, status=422)
    except AdvanceUnderWay:
        pass
    return RedirectResponse(PLACE, 303)


def _shown(
    request: Request, holder: Principal, wanted: SandboxQuery, *, wrong: str = "", status: int = 200
) -> HTMLResponse:
    runtime = context_of(request).runtime
    found = standing(runtime.store, sandbox_clock(runtime.clock))
    file = recording_file(Path(runtime.settings.data_dir))
    many = _OF_ALL if wanted.person is None else _NOTICES
    recorded = newest(file, many, before=wanted.before, person=wanted.person)
    most = _NEWEST if wanted.person is None else _NOTICES
    older = recorded.older and request.url.include_query_params(before=recorded.older).query
    answer = page(
        request,
        "sandbox.html",
        at=PLACE,
        status=status,
        clock=found,
        moving=found.status is AdvanceStatus.ADVANCING,
        halted=found.status is AdvanceStatus.HALTED,
        may_move=holder.operates,
        people=list(people(runtime, recorded.notices, most, viewer_of(request).language)),
        wanted=wanted,
        older=older,
        wrong=wrong,
        utc=partial(_utc, viewer_of(request).language),
        instant=format_instant,
    )
    if found.status is AdvanceStatus.ADVANCING and not wrong:
        answer.headers["Refresh"] = _SOON
    return answer


def _utc(language: str, at: datetime) -> str:
    """An instant of the sandbox for people, to the second: it stands still."""
    return clock_text(at, "UTC", language, seconds=True)


def people(runtime: Runtime, notices: list[dict[str, Any]], most: int, language: str) -> Iterator[Person]:
    """Who would have got these, whoever was told last first; of each of them so many notices at most."""
    base = base_url(runtime.settings)
    by_word: dict[str, list[dict[str, Any]]] = {}
    for one in notices:
        by_word.setdefault(person_of(one), []).append(one)
    for word, theirs in by_word.items():
        to = theirs[0]["to"]
        name = str(to.get("name") or word) if isinstance(to, dict) else word
        yield Person(
            name, word, [_told(one, base, language) for one in theirs[:most]], max(0, len(theirs) - most)
        )


def _told(notice: dict[str, Any], base: str, language: str) -> Told:
    return Told(
        at=clock_of(language, zone_of(notice["to"]))(notice["at"]),
        channel=notice["channel"],
        about=notice["about"],
        subject=notice["subject"],
        title=notice["title"],
        place=address(notice["to"], notice["channel"]),
        words=list(with_paths(notice["words"], base)),
    )
