"""A supervisor helps during a call: words that only they and whoever has it read, ``/work/{key}/aside``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.access.role import OVERSEEING
from workflow.api.browser import BrowserAtDesk, DeskForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind as ProblemKind
from workflow.api.http.problems import Refusal
from workflow.console.form_values import acting_person, form_id, text_in
from workflow.console.line_pages import desks_of
from workflow.console.rendering import path_of, see_other
from workflow.errors import InvalidQuery
from workflow.recovery.contact.people import same_person
from workflow.recovery.desk.asides import MOST_WORDS, say
from workflow.recovery.desk.held import HELD
from workflow.recovery.desk.item import Item
from workflow.recovery.desk.line import find

router = LateRouter(include_in_schema=False)
_Key = Annotated[str, Path(max_length=264)]


@router.post("/work/{key:path}/aside")
async def say_aside(request: Request, holder: BrowserAtDesk, key: _Key, said: DeskForm) -> Response:
    """Say something to who is at work on it, or back.

    Raises:
        NotFound: there is no such call or escalation.
        Refusal: (403) they neither have it nor answer for whoever has.
        InvalidQuery: nothing is said, or too much.
    """
    by, context = acting_person(holder), context_of(request)
    item = await run_in_threadpool(find, context.runtime.store, key)
    if not may_say(holder, item):
        message = "words go between whoever has it and a supervisor of their team, while they have it"
        raise Refusal.of(ProblemKind.FORBIDDEN, "path", "not-yours", message)
    words = text_in(said, "words")
    if words is None or len(words) > MOST_WORDS:
        raise InvalidQuery([Problem("words", "length", f"must be 1 to {MOST_WORDS} characters")])
    await run_in_threadpool(say, context.runtime.engine, key, by, words, form_id(said))
    context.wake([key])
    return see_other(path_of(key), done="noted")


def may_say(holder: Principal, item: Item) -> bool:
    """Whether somebody has it, and this is them or a supervisor of its team."""
    if holder.person is None or item.state != HELD[item.kind]:
        return False
    if same_person(item.held_by, holder.person):
        return True
    desks = desks_of(holder)
    return holder.role in OVERSEEING and (desks is None or item.desk is None or item.desk in desks)
