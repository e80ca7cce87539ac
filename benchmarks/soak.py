"""A steady load for an hour, through everything: does anything grow that should not?

Events are posted to the API, timers fall due all the time, each move asks for a task that a colleague's
worker carries out and whose receipt comes back. Every ten seconds a sample is taken.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import monotonic, sleep, time

import httpx

from benchmarks.colleague import QUEUE
from benchmarks.figures import Figure, shown
from benchmarks.goals import Goal
from benchmarks.meter import METER
from benchmarks.result import Result
from benchmarks.rounds import Rounds
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.soak_samples import TABLES, Sample, Sampler
from benchmarks.stack import ROOT, Stack, installed

_SUBJECTS = 6_000
_PAUSE, _BATCH = 0.2, 10
"""Seconds between two posts, events in each: 50 events a second. About as many timers fall due."""
_COLLEAGUE = ("-m", "celery", "-A", "benchmarks.colleague", "worker", "-c", "1", "-Q", QUEUE, "-l", "ERROR")
_GROWN = 1.5
"""By so much the last quarter may exceed the second: the first fills caches and tables."""


def measure(session: Session) -> list[Figure]:
    """`soak`: p99 of the timers' lateness, a sample every ten seconds; dead rows, space and memory beside."""
    minutes = session.size(session.kept["minutes"], 0.4)
    every = session.size(10.0, 2.0)
    with session.step(f"soak of {minutes:g} minutes"), _installation(session) as (stack, database, url, key):
        sampler = Sampler(session.conninfo(database), [process.pid for process in stack.processes])
        samples = list(_samples(sampler, url, key, 60 * minutes, every))
    session.drop(database)
    return [_figure(session, samples, minutes)]


@contextmanager
def _installation(session: Session) -> Iterator[tuple[Stack, str, str, str]]:
    """One API process, a worker of two, a colleague's worker; then database, the API's URL and a key."""
    url = session.migrated("postgresql")
    sink = session.place("soak") / "sink"
    definition = METER.replace("P3D", session.size("PT60S", "PT3S"))
    with installed(session, url, (definition,), BENCH_SINK=str(sink)) as stack:
        stack.environment["BENCH_BROKER"] = stack.broker_url
        api = stack.start_api()
        stack.start_worker(2)
        stack.spawn([sys.executable, *_COLLEAGUE], ROOT)
        stack.wait_for_workers(2)
        yield stack, url.rpartition("/")[2], api.url, stack.key()


def _samples(sampler: Sampler, url: str, key: str, seconds: float, every: float) -> Iterator[Sample]:
    rng = random.Random(1)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents-batch+json"}
    begun, posts, samples = monotonic(), 0, 0
    with httpx.Client(base_url=url, headers=headers) as http:
        while (spent := monotonic() - begun) < seconds:
            sleep(max(0.0, posts * _PAUSE - spent))
            http.post("/v1/events", json=_events(rng, posts)).raise_for_status()
            posts += 1
            if monotonic() - begun >= (samples + 1) * every:
                samples += 1
                yield sampler.sample(monotonic() - begun)


def _events(rng: random.Random, post: int) -> list[dict[str, object]]:
    return [
        {
            "specversion": "1.0", "id": f"{post}-{place}", "source": "/soak", "type": "meter.read",
            "subject": f"meter:{rng.randrange(_SUBJECTS)}", "data": {"posted": time()},
        }
        for place in range(_BATCH)
    ]  # fmt: skip


def _figure(session: Session, samples: list[Sample], minutes: float) -> Figure:
    before, after = _quarter(samples, 1), _quarter(samples, 3)
    grown = {
        "p99": _times([one.p99 for one in before], [one.p99 for one in after]),
        **{f"dead rows of {table}": _dead(before, after, table) for table in TABLES},
        "memory": _times([one.memory for one in before], [one.memory for one in after]),
    }  # fmt: skip
    load = (0.0, samples[-1].load)
    result = Result(Rounds([], len(samples), True), {}, {}, load, trial=session.quick)
    return result.alone(
        "soak", "ms", [one.p99 for one in samples],
        goal=Goal(
            f"lateness, dead rows and memory of the last quarter at most {_GROWN} times those of the second",
            all(times <= _GROWN for times in grown.values()),
        ),
        notes=f"median over {len(samples)} samples in {minutes:g} minutes of the timers' p99 lateness, at "
        f"about 50 events and as many timers a second; {_ends(samples)}; last quarter by the second: "
        + ", ".join(f"{what} {times:.2f}" for what, times in grown.items())
        + f"; {server_words()}",
        detail={
            "plot": _plot(samples), "grown": grown, "title": f"A steady load for {minutes:g} minutes",
        },
    )  # fmt: skip


def _quarter(samples: list[Sample], number: int) -> list[Sample]:
    size = max(1, len(samples) // 4)
    return samples[number * size : (number + 1) * size] or samples[-1:]


def _times(before: list[float], after: list[float]) -> float:
    """How many times the peak of one quarter the other's is; 1 where there was never anything to speak of."""
    return max(after) / max(before) if max(before) > 0 else 1.0


def _dead(before: list[Sample], after: list[Sample], table: str) -> float:
    return _times([one.dead[table] for one in before], [one.dead[table] for one in after])


def _ends(samples: list[Sample]) -> str:
    first, last = samples[0], samples[-1]
    return (
        f"memory {shown(first.memory)} MB at first, {shown(last.memory)} MB at last; {last.moves:,} moves in "
        f"all; p50 {shown(median(one.p50 for one in samples))} ms"
    )


def _plot(samples: list[Sample]) -> dict[str, object]:
    def line(values: list[float]) -> list[list[float]]:
        return [[one.seconds / 60, value] for one, value in zip(samples, values, strict=True)]

    return {
        "x": "minutes",
        "panels": [
            {"y": "dead rows", "lines": {name: line([one.dead[name] for one in samples]) for name in TABLES}},
            {
                "y": "MB on disk",
                "lines": {name: line([one.size[name] for one in samples]) for name in TABLES},
            },
            {
                "y": "lateness, ms",
                "lines": {
                    "p50": line([one.p50 for one in samples]),
                    "p99": line([one.p99 for one in samples]),
                },
            },
            {
                "y": "memory of all processes, MB",
                "lines": {"resident": line([one.memory for one in samples])},
            },
        ],
    }
