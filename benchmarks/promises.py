"""The main job at size: promises of the catalog, all due at one instant, everybody told.

Each is made over HTTP, with a customer, an owner and a ladder; it lapses, its customer is told, its
escalation is opened and the desk is told. Beside it, in every round, bare psycopg that writes the very rows
that this wrote, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import sleep, time
from typing import Any

import httpx
import psutil
import psycopg

from benchmarks.bare.written_rows import without, writing
from benchmarks.burst import Burst, settle
from benchmarks.figures import Figure
from benchmarks.goals import Goal, all_of, at_least, share_of_bare
from benchmarks.peers.peer import CELERY, DBOS, PROCRASTINATE
from benchmarks.processes import work_together
from benchmarks.progress import UNDECIDED, UNLAPSED, UNSETTLED, wait_for_none
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import Api, installed

PROCESSES = 2
LAPSED, TOLD = 6_000.0, 2_000.0
"""So many promises a second are to lapse, and to be told of and settled."""
_A_REQUEST = 500
_PATIENCE = 400.0
_OWNERS = 50
_LADDER = [{"people": ["boss@shop.example"], "within": "PT30M"}]


def measure(session: Session) -> list[Figure]:
    """`promises_2p`: told and settled a second; `promises_lapsed`: lapsed a second; with bare, same rows."""
    count = session.size(20_000, 1_000)
    finished: dict[str, Any] = {}
    burst = Burst(session, count, 0.0, _PATIENCE, promises=True)
    result = session.contest(
        "promises_2p",
        {"makegood": lambda: _ours(session, count, finished), "bare": lambda: _bare(session, finished)},
        once=burst.contestants(CELERY, DBOS, PROCRASTINATE),
    )
    words = (
        f"{count:,} promises of the catalog made over HTTP, each with a customer, an owner and a ladder, all "
        f"due at one instant; one worker of {PROCESSES} processes, recording channel; "
    )
    steps = ", ".join(
        f"{name} {result.median('makegood', name):,.0f}/s" for name in ("accepted", "opened", "lapsed")
    )
    cpu = result.median("makegood", "cpu")
    bare = (
        "bare: psycopg writes the same rows of the same run, one batch of 500 promises a transaction; peers "
        "(one run) do the least of it: a timer each, whose handler writes that the promise has lapsed, an "
        "escalation and two notices in one transaction, and appends two lines to a file"
    )
    told = result.figure(
        "promises_2p", "promises/s",
        goal=lambda found: all_of(at_least(TOLD, "promises/s", found.value),
                                  share_of_bare(0.3, found.bare, found.ratio)),
        notes=f"{words}from the instant until all are told and settled; by step: {steps}; "
        f"{cpu:.2f} ms CPU of the worker a promise; {bare}; {server_words()}",
    )  # fmt: skip
    lapsed = result.figure(
        "promises_lapsed", "promises/s", measure="lapsed", bare=None,
        goal=lambda found: all_of(at_least(LAPSED, "promises/s", found.value), _faultless(result.median)),
        notes="the same runs: from the instant until the last of them has lapsed",
    )  # fmt: skip
    return [told, lapsed]


def _faultless(middle: Callable[[str, str], float]) -> Goal:
    return Goal("one escalation a promise, none early", middle("makegood", "faults") == 0)


def _ours(session: Session, count: int, finished: dict[str, Any]) -> Reading:
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with (
        installed(session, url) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        api = stack.start_api()
        worker = psutil.Process(stack.start_worker(PROCESSES).pid)
        stack.wait_for_workers(1)
        key, lead = stack.key(), max(15.0, count / 800)
        begun = time()
        due = begun + lead
        make_promises(api, key, count, due)
        accepted = time() - begun
        opened = wait_for_none(connection, (UNDECIDED,), due - 1) - begun
        settle(connection)
        sleep(max(0.0, due - time()))
        before = _cpu(worker)
        lapsed = wait_for_none(connection, (UNLAPSED,), due + _PATIENCE) - due
        told = wait_for_none(connection, UNSETTLED, due + _PATIENCE) - due
        cpu = _cpu(worker) - before
        lapses = _one(connection, "select count(*) from moves where trigger = 'lapse'")
        escalations = _one(connection, "select count(*) from subjects where lifecycle = 'escalation'")
        early = _one(connection, "select count(*) from moves where timer is not null and at < due_at")
        if lapsed > _PATIENCE - 1 or told > _PATIENCE - 1:
            raise RuntimeError(f"not all were told in {_PATIENCE:g} s: {stack.said()}")
    if previous := finished.pop("name", None):
        session.drop(previous)
    finished |= {"name": name, "since": due, "count": count}
    return {
        "rate": count / told, "lapsed": count / lapsed, "accepted": count / accepted,
        "opened": count / opened, "cpu": 1000 * cpu / count,
        "faults": abs(lapses - count) + abs(escalations - count) + early,
    }  # fmt: skip


def make_promises(api: Api, key: str, count: int, due: float) -> None:
    """Post so many promises, all due at this instant (Unix time).

    Raises RuntimeError when a batch is not taken.
    """
    post(api, key, [promise_event(number, due) for number in range(count)])


def post(api: Api, key: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Post events in batches, with this API key. Raises RuntimeError when one is not taken."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/cloudevents-batch+json",
    }
    with httpx.Client(base_url=api.url, headers=headers, timeout=30) as client:
        for start in range(0, len(events), _A_REQUEST):
            answer = client.post("/v1/events", json=events[start : start + _A_REQUEST])
            if answer.status_code != 202:
                raise RuntimeError(f"a batch was answered {answer.status_code}: {answer.text[:500]}")


def promise_event(number: int, due: float) -> dict[str, Any]:
    """One of them, with a customer, an owner and a ladder."""
    customer = {
        "name": f"C{number}", "email": f"c{number}@example.org", "zone": "America/Los_Angeles",
        "language": "en",
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"p-{number}", "source": "/crm", "type": "promise.make",
        "subject": f"promise:m-{number}", "datacontenttype": "application/json",
        "data": {
            "words": "A manager calls you back", "owner": f"o{number % _OWNERS}@shop.example",
            "due_at": datetime.fromtimestamp(due, UTC).isoformat(), "warn_before": "PT0S",
            "customer": customer, "ladder": _LADDER,
        },
    }  # fmt: skip


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _cpu(process: psutil.Process) -> float:
    """Seconds that a process and all below it have worked."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def _bare(session: Session, finished: dict[str, Any]) -> Reading:
    with _lacking(session, finished) as name:
        run = work_together(
            PROCESSES, writing, 120.0, session.conninfo(name), session.conninfo(finished["name"]),
            finished["since"], 500, PROCESSES,
        )  # fmt: skip
    return {"rate": run.rate}


@contextmanager
def _lacking(session: Session, finished: dict[str, Any]) -> Iterator[str]:
    name = without(session, finished["name"], finished["since"])
    yield name
    session.drop(name)
