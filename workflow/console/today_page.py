"""The first page: the day of whoever looks, by their role."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import HTMLResponse

from workflow.access.principal import Principal
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.console.rendering import page
from workflow.engine.runtime import Runtime
from workflow.recovery.authority.reach import last_resort
from workflow.recovery.desk.held import held_by
from workflow.recovery.desk.item import Item
from workflow.recovery.desk.line import Wishes, line
from workflow.recovery.promise_board import PromiseRow, Standing, promise_board

router = LateRouter(include_in_schema=False)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Day:
    """What the first page has for somebody.

    Attributes:
        mine: what they have at the moment. waiting: the first of their line.
        at_risk, lapsed: the first of the promises that are so.
        unheard: why nobody would hear of what no ladder takes; empty where somebody would.
    """

    mine: list[Item]
    waiting: list[Item]
    at_risk: list[PromiseRow]
    lapsed: list[PromiseRow]
    unheard: str


@router.get("/")
def today(request: Request, holder: BrowserHolder) -> HTMLResponse:
    """What is mine, who waits, what is at risk; for an operator, whether anything is late."""
    return page(request, "today.html", day=_day(context_of(request).runtime, holder))


def _day(runtime: Runtime, holder: Principal) -> Day:
    store, now = runtime.store, runtime.clock.now()
    may = holder.bounds.may_read
    sees_line = may("callback") and may("escalation")
    desks = frozenset(holder.teams) if holder.person is not None and holder.teams else None
    heard, words = last_resort(store, now) if holder.operates else (True, "")
    return Day(
        mine=held_by(store, holder.person) if holder.person and sees_line else [],
        waiting=line(store, now, Wishes(desks=desks), _SHOWN) if sees_line else [],
        at_risk=promise_board(store, Standing.AT_RISK, now, _SHOWN).items if may("promise") else [],
        lapsed=promise_board(store, Standing.LAPSED, now, _SHOWN).items if may("promise") else [],
        unheard="" if heard else words,
    )
