"""Batches of the engine, timed one by one in this process: how long each takes, not how many run at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from benchmarks.working import prefix
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine

BATCH = 500
WARM_UP = 10
"""Batches thrown away: statements get prepared, pages come into memory."""


def seconds_of(batch: Callable[[], int], times: int) -> list[float]:
    """How long each of so many whole batches takes. Raises ValueError when the work runs dry before."""
    spans = []
    for _ in range(times):
        begun = perf_counter()
        done = batch()
        spans.append(perf_counter() - begun)
        if done < BATCH:
            raise ValueError(f"a batch of {BATCH} found only {done} to do")
    return spans


def milliseconds(spans: list[float]) -> float:
    """The median batch."""
    return 1000 * median(spans)


def rate(spans: list[float]) -> float:
    """Rows a second over all of the batches."""
    return BATCH * len(spans) / sum(spans)


def accepting(engine: Engine, subjects: int, batches: int) -> Callable[[], int]:
    """Accepts a batch of new events at each call, each about any of the filled subjects."""
    rng, run = random.Random(subjects), prefix()
    made = iter(
        [
            [_reading(f"{run}{number}-{place}", rng.randrange(subjects) + 1) for place in range(BATCH)]
            for number in range(batches)
        ]
    )

    def accept() -> int:
        return sum(answer.status == "accepted" for answer in engine.accept(next(made)))

    return accept


def _reading(identity: str, subject: int) -> CloudEvent:
    now = datetime.now(UTC)
    return CloudEvent(identity, "/bench", "meter.read", f"meter:p{subject}", now, {"posted": 0})
