"""A delivery report on its way from a door to the engine."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from workflow.api.context import ApiContext
from workflow.engine.acceptance import Acceptance
from workflow.recovery import reports


async def brought(context: ApiContext, report: reports.Report) -> list[Acceptance]:
    """Accept it and have it applied soon.

    Raises InvalidEvent when it does not fit the notice, NotFound, and Refusal (429) when too much waits.
    """
    context.backpressure.check()
    answers = await run_in_threadpool(reports.take, context.runtime.engine, report)
    fresh = [one.subject for one in answers if one.status == "accepted"]
    if fresh:
        context.wake(fresh)
    return answers
