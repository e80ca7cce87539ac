"""Promises of the catalog that fall due one after another, a thousand a second for a minute.

How late each lapses, and how late its customer is told, from the instant at which it was due.
"""

from __future__ import annotations

from time import sleep, time

import psycopg

from benchmarks.burst import settle
from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.progress import UNDECIDED, UNLAPSED, UNTOLD, wait_for_none
from benchmarks.promises import PROCESSES, post, promise_event
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import installed

RATE = 1_000
"""Promises that fall due a second."""
LAPSE_MS, TOLD_MS = 60.0, 1_000.0
"""So late may a hundredth of them lapse, and be told of."""
_PATIENCE = 300.0
_LATE = (
    "select extract(epoch from m.at - m.due_at), extract(epoch from o.settled_at - m.due_at) from moves m"
    " join subjects s on s.id = m.subject_id"
    " left join outbox o on o.subject_id = s.id and o.kind = 'notice'"
    " and o.key like s.key || '/' || m.seq || '/%' where m.trigger = 'lapse'"
)


def measure(session: Session) -> list[Figure]:
    """`promises_steady`: p99 late lapsed; `promises_steady_told`: p99 until the customer is told."""
    seconds = session.size(60, 3)
    result = session.contest("promises_steady", {"makegood": lambda: _ours(session, seconds)})
    words = (
        f"{RATE:,} promises of the catalog a second fall due, for {seconds} s, each with a customer, an "
        f"owner and a ladder; one worker of {PROCESSES} processes, recording channel; "
    )
    lapse = result.figure(
        "promises_steady", "ms", measure="lapse", bare=None,
        goal=lambda found: at_most(LAPSE_MS, "ms", found.value),
        notes=f"{words}p99 from due to the instant of the decision; "
        f"p50 {result.median('makegood', 'lapse_p50'):.0f} ms; {server_words()}",
    )  # fmt: skip
    told = result.figure(
        "promises_steady_told", "ms", measure="told", bare=None,
        goal=lambda found: at_most(TOLD_MS, "ms", found.value),
        notes="the same runs: p99 from due until the customer's notice is settled; "
        f"p50 {result.median('makegood', 'told_p50'):,.0f} ms",
    )  # fmt: skip
    return [lapse, told]


def _ours(session: Session, seconds: int) -> Reading:
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    count = RATE * seconds
    with (
        installed(session, url) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        api = stack.start_api()
        stack.start_worker(PROCESSES)
        stack.wait_for_workers(1)
        first = time() + max(30.0, count / 600)
        post(api, stack.key(), [promise_event(number, first + number / RATE) for number in range(count)])
        if wait_for_none(connection, (UNDECIDED,), first - 1) >= first - 1:
            raise RuntimeError(f"not all promises were opened in time: {stack.said()}")
        settle(connection)
        sleep(max(0.0, first + seconds - time()))
        end = first + seconds + _PATIENCE
        if wait_for_none(connection, (UNDECIDED, UNLAPSED, UNTOLD), end) >= end:
            raise RuntimeError(f"not all were told in {_PATIENCE:g} s: {stack.said()}")
        rows = connection.execute(_LATE.encode()).fetchall()
    session.drop(name)
    late = [1000 * float(row[0]) for row in rows]
    told = [1000 * float(row[1]) for row in rows if row[1] is not None]
    if len(late) != count or len(told) != count:
        raise RuntimeError(f"of {count} promises {len(late)} lapsed and of {len(told)} somebody was told")
    if min(late) < 0:
        raise RuntimeError("a promise lapsed before it was due")
    return {
        "lapse": quantile(late, 0.99), "lapse_p50": quantile(late, 0.5),
        "told": quantile(told, 0.99), "told_p50": quantile(told, 0.5),
    }  # fmt: skip
