"""A delivery report on its way from a door to the engine."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from workflow.api.context import ApiContext
from workflow.api.http.problems import Kind, Refusal
from workflow.engine.acceptance import Acceptance
from workflow.errors import InvalidEvent
from workflow.recovery import reports


async def brought(context: ApiContext, report: reports.Report) -> list[Acceptance]:
    """Accept it and have it applied soon.

    Raises Refusal (422) when it does not fit the notice, or (429) when too much waits, and NotFound.
    """
    context.backpressure.check()
    try:
        answers = await run_in_threadpool(reports.take, context.runtime.engine, report)
    except InvalidEvent as error:
        raise Refusal(Kind.INVALID, error.problems) from error
    fresh = [one.subject for one in answers if one.status == "accepted"]
    if fresh:
        context.wake(fresh)
    return answers
