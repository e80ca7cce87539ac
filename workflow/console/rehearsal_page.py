"""What test keys would have sent, to whom and in which words: ``/admin/integrate/rehearsal``."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.api.app import Application
from workflow.api.browser import BrowserOperator, OperatorsForm
from workflow.api.context import ApiContext, context_in, context_of
from workflow.api.http.late_routes import LateRouter
from workflow.broker import task_names
from workflow.console.rendering import page, see_other
from workflow.errors import EventConflict, NotFound
from workflow.outbox.receipts import TaskOutcome, record, told
from workflow.queries.effects import newest_effects
from workflow.recovery.links.urls import without_links
from workflow.rehearsal.emptying import empty, goes_at
from workflow.rehearsal.examples import examples
from workflow.rehearsal.rehearsal import Opened

router = LateRouter(include_in_schema=False)
PLACE = "/admin/integrate/rehearsal"
_SHOWN = 50


class RehearsalQuery(BaseModel):
    """Which part of it to show."""

    before: int | None = Field(None, ge=1, le=2**63 - 1)


async def rehearsal_context(request: Request) -> ApiContext | None:
    """The context of the rehearsal's application, which is made where there is none; None in a sandbox."""
    rehearsal, app = context_of(request).rehearsal, request.app
    if (
        rehearsal is None
        or rehearsal.is_impossible
        or not isinstance(app, Application)
        or app.rehearsed is None
    ):
        return None
    await run_in_threadpool(rehearsal.open)
    other = await app.rehearsed.application()
    return None if other is None else context_in(other)


@router.get(PLACE)
def rehearsal_page(
    request: Request, _: BrowserOperator, wanted: Annotated[RehearsalQuery, Query()]
) -> Response:
    """Everything that would have gone out, the newest first; what waits, and until when."""
    opened = _there(request)
    effects = (
        [] if opened is None else newest_effects(opened.runtime.store, limit=_SHOWN, before=wanted.before)
    )
    older = effects[-1].id if len(effects) == _SHOWN else None
    days = context_of(request).runtime.settings.rehearsal_days
    goes = None if opened is None else goes_at(opened.runtime.store, days)
    ended = frozenset() if opened is None else told(opened.runtime.store, [one.key for one in effects])
    return page(
        request, "rehearsal.html", effects=effects, ended=ended, older=older, goes_at=goes,
        without_links=without_links,
    )  # fmt: skip


@router.post(f"{PLACE}/empty")
async def empty_now(request: Request, _: BrowserOperator, __: OperatorsForm) -> Response:
    """Empty it before its day. Raises NotFound where there is none."""
    opened = await run_in_threadpool(_there, request)
    if opened is None:
        raise NotFound("rehearsal: nobody has sent anything with a test key")
    await run_in_threadpool(empty, opened.runtime.store, opened.runtime.clock.now())
    opened.worker.wake(task_names.APPLY)
    return see_other(PLACE, done="rehearsal_emptied")


@router.post(f"{PLACE}/examples")
async def begin_with_examples(request: Request, holder: BrowserOperator, _: OperatorsForm) -> Response:
    """Send examples, as a test key would, so that there is something to look at. Raises NotFound."""
    context = await rehearsal_context(request)
    if context is None:
        raise NotFound("rehearsal: a sandbox has none; nothing that is sent to it goes out anyway")
    for event in examples(context.runtime.clock.now()):
        size = len(orjson.dumps(event.to_json()))
        with suppress(EventConflict), context.endpoint.serving(size):  # it was sent today already
            await context.endpoint.take(event, holder)
    return see_other(PLACE, done="examples_sent")


@router.post(f"{PLACE}/ended")
async def task_ended(request: Request, _: BrowserOperator, said: OperatorsForm) -> Response:
    """Say how a task would have ended that was not called; the first word counts. Raises NotFound."""
    await run_in_threadpool(_end, request, said)
    return see_other(PLACE, done="noted")


def _end(request: Request, said: dict[str, str]) -> None:
    opened = _there(request)
    if opened is None:
        raise NotFound("effect: nobody has sent anything with a test key")
    outcome = TaskOutcome.FAILED if said.get("how") == "failed" else TaskOutcome.SUCCEEDED
    answer = {"error": "said so"} if outcome is TaskOutcome.FAILED else {"result": None}
    record(opened.runtime.engine, said.get("effect", ""), outcome, answer)
    opened.worker.wake(task_names.APPLY)


def _there(request: Request) -> Opened | None:
    rehearsal = context_of(request).rehearsal
    return None if rehearsal is None else rehearsal.there()
