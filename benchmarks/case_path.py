"""Cases of the catalog from the customer's first word to what was learned: cases a second, CPU by step.

All cases take each step together: what comes in is posted in batches, and the next step begins once all of it
is decided and everybody is told. So each step shows what it costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import time
from typing import Any

import psutil
import psycopg

from benchmarks.figures import Figure
from benchmarks.goals import at_least
from benchmarks.progress import LEFT_TO_A_PERSON, UNDECIDED, UNTOLD, wait_for_none
from benchmarks.promises import post
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import Stack, installed

PROCESSES = 2
CASES = 100.0
"""So many cases a second are to go all the way."""
_LOOK = 0.05
_PATIENCE = 300.0
_OWNERS = 50
_TO_BE_TOLD = f"{UNTOLD} and not (state = 'pending' and due_at > now() + interval '1 second')"
"""What is told to colleagues together waits on purpose."""
_WORK = (UNDECIDED, _TO_BE_TOLD, LEFT_TO_A_PERSON)
"""What waits to be done now."""
_ANSWERS: Mapping[str, Any] = {
    "what": {
        "part": "drum", "when": "in March", "tried": "a new belt", "answered": "that it holds",
        "not_enough": "it did not",
    },
    "why": {
        "expectations": "none were set", "checked_in": "no", "answered_at_once": "yes", "verified": "no",
        "over_promised": "no", "cause": "no test wash",
    },
    "different": {
        "process": "A machine leaves after a test wash.", "empowered": "the driver may",
        "right_people": "yes",
    },
}  # fmt: skip


def _steps(number: int) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What is said of one case, in order: trigger, key of the subject, data."""
    owner = f"o{number % _OWNERS}@shop.example"
    by, case = {"by": owner}, f"case:m{number}-1"
    yield "customer.reach_out", f"customer:m{number}", {
        "name": f"C{number}", "email": f"c{number}@example.org", "zone": "Europe/Berlin", "language": "en",
        "words": "It leaks again", "channel": "phone", "owner": owner, "part": "drum",
        "ladder": [{"people": ["boss@shop.example"], "within": "PT30M"}], **by,
    }  # fmt: skip
    yield "case.acknowledge", case, {**by, "understood": "The machine leaks after two repairs"}
    yield "case.calm", case, by
    yield "case.plan", case, {**by, "fix": "a new seal", "prevent": "a test wash"}
    yield "case.agree", case, by
    yield "case.deliver", case, {**by, "evidence": "ran a wash without a drop"}
    yield "case.check_in_answered", case, {**by, "ok": True, "words": "Not a drop"}
    yield "case.document", case, {**by, **_ANSWERS}


_NAMES = [trigger.partition(".")[2] for trigger, _, _ in _steps(0)]


def measure(session: Session) -> list[Figure]:
    """`case_path`: cases a second from open to documented."""
    count = session.size(2_000, 100)
    result = session.contest("case_path", {"makegood": lambda: _ours(session, count)})
    cpu = ", ".join(f"{name} {result.median('makegood', name):.2f}" for name in _NAMES)
    total = result.median("makegood", "cpu")
    notes = (
        f"{count:,} cases of the catalog over HTTP, all of them step by step, with customer, owner, ladder, "
        f"promises to ourselves and everything that is told; one worker of {PROCESSES} processes, recording "
        f"channel; {total:.1f} ms CPU of worker, API and PostgreSQL a case; by step: {cpu}; {server_words()}"
    )
    figure = result.figure(
        "case_path", "cases/s", bare=None, notes=notes,
        goal=lambda found: at_least(CASES, "cases/s", found.value),
    )  # fmt: skip
    return [figure]


def _ours(session: Session, count: int) -> Reading:
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with (
        installed(session, url) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        api = stack.start_api()
        worker = stack.start_worker(PROCESSES).pid
        stack.wait_for_workers(1)
        server = psutil.Process(_one(connection, "select pg_backend_pid()")).parent()
        assert server is not None
        counted = [psutil.Process(worker), psutil.Process(api.pid), server]
        key, readings = stack.key(), {}
        taken, begun = _cpu(counted), time()
        for step, words in enumerate(_NAMES):
            post(api, key, [_event(number, step) for number in range(count)])
            _wait(connection, stack)
            now = _cpu(counted)
            readings[words], taken = 1000 * (now - taken) / count, now
        seconds = time() - begun
        documented = _one(
            connection, "select count(*) from subjects where lifecycle = 'case' and state = 'documented'"
        )
        if documented != count:
            raise RuntimeError(f"{documented} of {count} cases are documented: {stack.said()}")
    session.drop(name)
    return {"rate": count / seconds, "cpu": sum(readings.values()), **readings}


def _event(number: int, step: int) -> dict[str, Any]:
    trigger, key, data = list(_steps(number))[step]
    return {
        "specversion": "1.0", "id": f"c-{number}-{step}", "source": "/crm", "type": trigger,
        "subject": key, "datacontenttype": "application/json", "data": data,
    }  # fmt: skip


def _wait(connection: psycopg.Connection, stack: Stack) -> None:
    """Until all is decided and everybody told. Raises RuntimeError when that takes too long."""
    end = time() + _PATIENCE
    if wait_for_none(connection, _WORK, end, look=_LOOK) >= end:
        raise RuntimeError(f"not all was done in {_PATIENCE:g} s: {stack.said()}")


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _cpu(processes: list[psutil.Process]) -> float:
    """Seconds that these and all below them have worked."""
    family = [one for process in processes for one in (process, *process.children(recursive=True))]
    times = [one.cpu_times() for one in family]
    return float(sum(one.user + one.system for one in times))
