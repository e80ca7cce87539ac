"""Events accepted one by one over HTTP: 64 connections that are kept, a commit before each answer.

Beside it pgbench -N, the server's own measure of small transactions, and the peers' calls for one event.
"""

from __future__ import annotations

import os
from statistics import median

from benchmarks import pgbench
from benchmarks.figures import Figure
from benchmarks.goals import at_least, share_of_bare
from benchmarks.ingest import UNBOUNDED, Posting, peers, restate
from benchmarks.peers.peer import CELERY, DBOS_DEFAULT, PROCRASTINATE_DEFAULT, RESTATE
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import installed


def measure(session: Session) -> list[Figure]:
    """All API processes together as the figure; one of them alone as another."""
    cores = os.cpu_count() or 1
    posting = Posting(64, 1, session.size(4.0, 0.5), session.size(1.5, 0.3))
    url = session.migrated("postgresql")
    with installed(session, url, **UNBOUNDED) as stack:
        key, one = stack.key(), stack.start_api()
        every = stack.start_api(cores) if cores > 1 else one

        def ours() -> Reading:
            alone = posting.to(one, key)
            together = posting.to(every, key) if every is not one else alone
            return {**together, "one": alone["rate"], "one_cpu_us": alone["cpu_us"], "one_p99": alone["p99"]}

        result = session.contest(
            "http_single",
            {"makegood": ours, "bare": lambda: pgbench.transactions(session)},
            once=peers(session, 1, CELERY, DBOS_DEFAULT, PROCRASTINATE_DEFAULT) | restate(session, RESTATE),
        )
    session.drop(url.rpartition("/")[2])

    def middle(measure: str) -> float:
        return median(result.rounds.values("makegood", measure))

    notes = (
        f"64 connections, {cores} API processes, {middle('cpu_us'):,.0f} us of CPU an event, p99 "
        f"{middle('p99'):.1f} ms; one process alone {middle('one'):,.0f}/s, p99 {middle('one_p99'):.1f} ms; "
        "load, API and server share the cores; no worker; bare: pgbench -N -M prepared, "
        f"{pgbench.CLIENTS} clients, scale {pgbench.SCALE}; peers: one producer, one run "
        "(Celery's messages are not durable)"
    )
    whole = result.figure(
        "http_single", "events/s", goal=lambda found: share_of_bare(0.5, found.bare, found.ratio),
        notes=notes,
    )  # fmt: skip
    alone = result.figure(
        "http_single_process", "events/s", measure="one", bare=None,
        goal=lambda found: at_least(3_000, "events/s", found.value), notes="the same rounds, one API process",
    )  # fmt: skip
    return [whole, alone]
