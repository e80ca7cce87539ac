"""How late 10,000 timers due over ten seconds are: makegood, a hand-written 50 ms poll, the peers."""

from __future__ import annotations

from benchmarks.burst import Burst
from benchmarks.burst_100k import faultless, relayed
from benchmarks.dues import told
from benchmarks.figures import Figure
from benchmarks.goals import all_of, at_most
from benchmarks.peers.peer import CELERY, DBOS, PROCRASTINATE, RESTATE
from benchmarks.session import Session


def measure(session: Session) -> list[Figure]:
    """Half of them, and 99 of 100, are late by at most so many milliseconds."""
    count = session.size(10_000, 500)
    burst = Burst(session, count, session.size(10.0, 1.0), session.size(20.0, 5.0))
    result = session.contest(
        "lateness_10k",
        {"makegood": burst.makegood(), "bare": burst.bare()},
        once=burst.contestants(CELERY, DBOS, PROCRASTINATE, RESTATE),
    )
    notes = (
        f"{count:,} timers over {burst.window:g} s, 2 worker processes, peers one run; late: from due to "
        "committed, of a peer's timer to its handler's start; bare: two hand-written loops that look every "
        f"50 ms; {told(burst.seen, count)}; {relayed(burst)}"
    )
    half = result.figure(
        "lateness_10k", "ms", measure="p50", notes=notes, detail=burst.detail(),
        goal=lambda found: all_of(at_most(15, "ms", found.value), faultless(burst)),
    )  # fmt: skip
    tail = result.figure(
        "lateness_10k_p99", "ms", measure="p99", notes="the same runs: 99% of them are late by at most this",
        goal=lambda found: at_most(60, "ms", found.value),
    )  # fmt: skip
    return [half, tail]
