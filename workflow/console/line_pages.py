"""The line, and taking from it: ``/line``. The engine decides who gets what; a page says what it decided."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserAtDesk, DeskForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.desk_responses import desk_of
from workflow.console.form_values import acting_person, form_id, text_in
from workflow.console.rendering import page, path_of, see_other
from workflow.errors import InvalidQuery
from workflow.recovery.contact.numbers import dialled
from workflow.recovery.desk.desk import DeskClaim, DeskOutcome
from workflow.recovery.desk.held import held_by
from workflow.recovery.desk.item import Kind
from workflow.recovery.desk.line import Wishes, line

router = LateRouter(include_in_schema=False)
PATIENCE = 3.0
"""Seconds to wait for a decision before the page says that there is none yet."""
_SHOWN = 50
_DONE = {
    DeskOutcome.CLAIMED: "claimed",
    DeskOutcome.EMPTY: "empty",
    DeskOutcome.LOST: "lost",
    DeskOutcome.UNDECIDED: "undecided",
}


class LineQuery(BaseModel):
    """Whose line to show."""

    kind: Kind | None = None


def desks_of(holder: Principal) -> frozenset[str] | None:
    """The desks whose line they see: a person with teams sees theirs, and what is nobody's in particular."""
    return frozenset(holder.teams) if holder.person is not None and holder.teams else None


@router.get("/line")
def line_page(request: Request, holder: BrowserAtDesk, wanted: Annotated[LineQuery, Query()]) -> Response:
    """Who waits, and what I have already."""
    runtime = context_of(request).runtime
    kinds = tuple(Kind) if wanted.kind is None else (wanted.kind,)
    now, wishes = runtime.clock.now(), Wishes(kinds, desks=desks_of(holder))
    return page(
        request,
        "line.html",
        found=line(runtime.store, now, wishes, _SHOWN),
        mine=held_by(runtime.store, holder.person) if holder.person else [],
        kind=wanted.kind,
        shown=_SHOWN,
    )


@router.post("/line/claim")
async def claim(request: Request, holder: BrowserAtDesk, said: DeskForm) -> Response:
    """Take the next, or the one that is named; of several who want one it is one who gets it."""
    path, done = await claimed(request, holder, said)
    return see_other(path, done=done)


async def claimed(request: Request, holder: Principal, said: dict[str, str]) -> tuple[str, str]:
    """Where to go on after a claim, and what is to be said there.

    Raises:
        NotFound: the one that is named does not exist.
        InvalidQuery: the telephone that is to ring is none, or nothing can dial it.
    """
    context = context_of(request)
    by = acting_person(holder)
    wanted = Kind(said["kind"]) if said.get("kind") in set(Kind) else None
    wishes = Wishes(tuple(Kind) if wanted is None else (wanted,), desks=desks_of(holder))
    subject = text_in(said, "subject")
    asked = DeskClaim(form_id(said), by, subject, wishes, dial_in(request, said), PATIENCE)
    found = await desk_of(context, holder).claim(asked)
    goes_on = found.key is not None and (found.outcome is DeskOutcome.CLAIMED or subject is not None)
    return path_of(found.key) if goes_on and found.key else "/line", _DONE[found.outcome]


def dial_in(request: Request, said: dict[str, str]) -> str | None:
    """The telephone that is to ring first, if one is; None: whoever takes it dials by hand.

    Raises InvalidQuery where it is no number with its country.
    """
    text = text_in(said, "dial")
    if text is None or not context_of(request).runtime.settings.can_dial:
        return None
    number = dialled(text)
    if number is None or not number.startswith("+"):
        message = "must be a telephone number with its country, such as +49 30 1234"
        raise InvalidQuery([Problem("dial", "number", message)])
    return number
