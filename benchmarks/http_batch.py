"""Events accepted in batches of 500 over HTTP, beside the very rows written by bare psycopg."""

from __future__ import annotations

import os
from statistics import median

import psycopg

from benchmarks.bare.accepted_rows import accepting
from benchmarks.commits import committed, window
from benchmarks.figures import Figure
from benchmarks.filling import insert_rows
from benchmarks.goals import at_least, share_of_bare
from benchmarks.http_load import SUBJECTS
from benchmarks.ingest import UNBOUNDED, Posting, peers
from benchmarks.peers.peer import DBOS_DEFAULT, PROCRASTINATE_DEFAULT
from benchmarks.processes import work_together
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import installed

BATCH, CONNECTIONS = 500, 8


def measure(session: Session) -> list[Figure]:
    """All API processes together as the figure; one of them alone as another."""
    cores = os.cpu_count() or 1
    posting = Posting(CONNECTIONS, BATCH, session.size(4.0, 0.5), session.size(2.0, 0.5))
    url = _with_subjects(session)
    with installed(session, url, **UNBOUNDED) as stack:
        key, one = stack.key(), stack.start_api()
        every = stack.start_api(cores) if cores > 1 else one

        def ours() -> Reading:
            alone = posting.to(one, key)
            together = posting.to(every, key) if every is not one else alone
            return {**together, "one": alone["rate"], "one_cpu_us": alone["cpu_us"]}

        result = session.contest(
            "http_batch",
            {"makegood": ours, "bare": lambda: _bare(session, cores)},
            once=peers(session, BATCH, PROCRASTINATE_DEFAULT, DBOS_DEFAULT),
        )
    session.drop(url.rpartition("/")[2])

    def middle(measure: str) -> float:
        return median(result.rounds.values("makegood", measure))

    notes = (
        f"batches of {BATCH} on {CONNECTIONS} connections, {cores} API processes, {middle('cpu_us'):,.1f} us "
        f"of CPU an event; one process alone {middle('one'):,.0f}/s; load, API and server share the cores; "
        f"no worker; bare: {cores} processes of psycopg write the same rows of events and inbox, {BATCH} a "
        "transaction, about subjects that are there (as they are for ours); peers: one producer, one run"
    )
    whole = result.figure(
        "http_batch", "events/s", goal=lambda found: share_of_bare(0.5, found.bare, found.ratio), notes=notes
    )
    alone = result.figure(
        "http_batch_process", "events/s", measure="one", bare=None,
        goal=lambda found: at_least(20_000, "events/s", found.value), notes="the same rounds, one process",
    )  # fmt: skip
    return [whole, alone]


def _with_subjects(session: Session) -> str:
    """A database with every subject that the load is about, as events have opened them."""
    url = session.migrated("postgresql")
    subject = {
        "key": "'meter:' || n", "lifecycle": "'meter'", "version": "1", "state": "'initial'", "seq": "0",
        "data": "'{}'",
    }  # fmt: skip
    with psycopg.connect(session.conninfo(url.rpartition("/")[2]), autocommit=True) as connection:
        insert_rows(connection, "subjects", subject, 0, SUBJECTS - 1)
        connection.execute("vacuum (analyze)")
    return url


def _bare(session: Session, processes: int) -> Reading:
    name = _with_subjects(session).rpartition("/")[2]
    conninfo, measured = session.conninfo(name), window(session)
    run = work_together(processes, accepting, measured.total, conninfo, BATCH)
    rate = committed(conninfo, "events", run.begun, measured)
    session.drop(name)
    return {"rate": rate}
