"""A delivery report on its way from a door to the engine."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from workflow import reports
from workflow.acceptance import Acceptance
from workflow.api.door import Door
from workflow.api.problems import Kind, Refusal
from workflow.errors import InvalidEvent


async def brought(door: Door, report: reports.Report) -> list[Acceptance]:
    """Accept it and have it applied soon.

    Raises Refusal (422) when it does not fit the notice, or (429) when too much waits, and NotFound.
    """
    door.pressure.check()
    try:
        answers = await run_in_threadpool(reports.take, door.runtime.engine, report)
    except InvalidEvent as error:
        raise Refusal(Kind.INVALID, error.problems) from error
    fresh = [one.subject for one in answers if one.status == "accepted"]
    if fresh:
        door.wake(fresh)
    return answers
