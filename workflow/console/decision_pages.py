"""What waits for somebody's decision: ``/decisions``, escalations and approvals, made for a telephone."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.browser import BrowserAtDesk, DeskForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.desk_responses import desk_of
from workflow.console.form_values import acting_person, form_id, text_in
from workflow.console.line_pages import PATIENCE, desks_of
from workflow.console.rendering import page, see_other
from workflow.console.success import batch_word
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent, InvalidQuery, NotPermitted
from workflow.recovery.authority.approvers import standing
from workflow.recovery.authority.open_approvals import open_approvals
from workflow.recovery.desk.desk import Desk, DeskClaim, DeskOutcome
from workflow.recovery.desk.held import held_by
from workflow.recovery.desk.item import FREE, Kind
from workflow.recovery.desk.line import Wishes, find, line
from workflow.store.port import Store

router = LateRouter(include_in_schema=False)
PLACE = "/decisions"
_SHOWN = 25
"""Of escalations and of approvals: a page for a telephone."""
_AT_ONCE = 10
"""Claims of one person that are under way together."""
_TAKE = "take "
_Key = Annotated[str, Path(max_length=264, pattern=r"^approval:")]


class DecisionsQuery(BaseModel):
    """From which approval on."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0


@router.get(PLACE)
def decisions(
    request: Request, holder: BrowserAtDesk, wanted: Annotated[DecisionsQuery, Query()]
) -> Response:
    """Escalations that nobody has, those that are mine, and approvals that wait."""
    return _shown(request, holder, after=wanted.after)


@router.post(f"{PLACE}/several")
async def acknowledge_several(request: Request, holder: BrowserAtDesk, said: DeskForm) -> Response:
    """Take on all escalations that are ticked, each by itself; it is said how many one got.

    Raises InvalidQuery where none is ticked, or more than a page shows.
    """
    by = acting_person(holder)
    wanted = [field.removeprefix(_TAKE) for field in said if field.startswith(f"{_TAKE}escalation:")]
    if not 1 <= len(wanted) <= _SHOWN:
        problems = [Problem("form", "required", "Tick those that you take on.")]
        return await run_in_threadpool(_shown, request, holder, "", said, problems, 422)
    desk, id, store = desk_of(context_of(request), holder), form_id(said), context_of(request).runtime.store
    claims = [
        DeskClaim(f"{id}-{number}", by, key, Wishes((Kind.ESCALATION,)), None, PATIENCE)
        for number, key in enumerate(wanted)
    ]
    found = [
        one for part in _parts(claims) for one in await gather(*(_taken(store, desk, one) for one in part))
    ]
    return see_other(PLACE, done=batch_word(sum(found), len(found) - sum(found), left=False))


@router.post(f"{PLACE}/{{key:path}}")
async def decide(request: Request, holder: BrowserAtDesk, key: _Key, said: DeskForm) -> Response:
    """Grant or refuse. Who was asked decides, or a supervisor who says why; never whoever asks."""
    by = acting_person(holder)
    context = context_of(request)
    try:
        trigger, data = await run_in_threadpool(_decision, context.runtime, holder, key, said, by)
        found = await desk_of(context, holder).act(key, trigger, data, form_id(said), PATIENCE)
    except (InvalidQuery, InvalidEvent) as error:
        status = 403 if isinstance(error, NotPermitted) else 422
        return await run_in_threadpool(_shown, request, holder, key, said, error.problems, status)
    if found.outcome is DeskOutcome.LOST:
        problems = [Problem("form", "not-possible-now", found.reason or "it is not possible now")]
        return await run_in_threadpool(_shown, request, holder, key, said, problems, 409)
    undecided = found.outcome is DeskOutcome.UNDECIDED
    return see_other(PLACE, done="undecided" if undecided else "decided")


async def _taken(store: Store, desk: Desk, claim: DeskClaim) -> bool:
    """Take one on; whether it was got. What somebody else has by now stays theirs."""
    assert claim.subject is not None
    item = await run_in_threadpool(find, store, claim.subject)
    if item.state not in FREE[item.kind]:
        return False
    return (await desk.claim(claim)).outcome is DeskOutcome.CLAIMED


def _parts(claims: Sequence[DeskClaim]) -> Iterator[Sequence[DeskClaim]]:
    for start in range(0, len(claims), _AT_ONCE):
        yield claims[start : start + _AT_ONCE]


def _decision(
    runtime: Runtime, holder: Principal, key: str, said: Mapping[str, str], by: str
) -> tuple[str, dict[str, Any]]:
    reason = text_in(said, "reason")
    granted = said.get("decision") == "granted"
    if not granted and reason is None:
        raise InvalidQuery([Problem("reason", "required", "Say why it is refused.")])
    stands = standing(runtime.store, key, holder, by, reason, runtime.clock.now())
    data: dict[str, Any] = {"by": by, "standing": stands.value}
    if reason is not None:
        data["reason"] = reason
    amount = text_in(said, "amount")
    if granted and amount is not None:
        try:
            data["amount"] = float(amount.replace(",", "."))
        except ValueError:
            raise InvalidQuery([Problem("amount", "number", "must be a number")]) from None
    return ("grant" if granted else "refuse"), data


def _shown(
    request: Request,
    holder: Principal,
    tried: str = "",
    said: Mapping[str, str] | None = None,
    problems: list[Problem] | None = None,
    status: int = 200,
    after: int = 0,
) -> Response:
    for lifecycle in (Kind.ESCALATION.value, "approval"):
        may_read(holder, lifecycle)
    runtime = context_of(request).runtime
    store, now = runtime.store, runtime.clock.now()
    wishes = Wishes((Kind.ESCALATION,), desks=desks_of(holder))
    mine = held_by(store, holder.person) if holder.person else []
    approvals = open_approvals(store, _SHOWN + 1, after)
    return page(
        request,
        "decisions.html",
        at=PLACE,
        status=status,
        mine=[item for item in mine if item.kind is Kind.ESCALATION],
        waiting=line(store, now, wishes, _SHOWN),
        approvals=approvals[:_SHOWN],
        following=approvals[_SHOWN - 1].id if len(approvals) > _SHOWN else None,
        shown=_SHOWN,
        tried=tried,
        said=said or {},
        problems=problems or [],
    )
