"""Whether all else goes on while everybody is told of many broken promises.

Promises of the catalog are due at one instant: they lapse, their customers and desks are told, ladders begin.
From that instant on a lamp's timers come due 100 a second; again and again one promise more is made, and
somebody at a desk takes on the next call of the line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from time import perf_counter, sleep, time
from typing import Any

import httpx
import psycopg

from benchmarks.burst import settle
from benchmarks.dues import Dues
from benchmarks.fair_burst import LAMP, MOST_LATE_MS, RATE
from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.progress import UNDECIDED, UNLAPSED, UNTOLD, wait_for_none
from benchmarks.promises import make_promises, post, promise_event
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import Api, installed

MOST_OPENING_MS, MOST_CLAIMING_MS = 1_000.0, 200.0
_PROCESSES = 2
_PAUSE = 0.1
"""Seconds between two of the same kind."""
_CALLS = 1_000
_LOOK = 0.005
_PATIENCE = 400.0
_LATER = 86_400.0
_UNTOLD = f"{UNTOLD} and kind = 'notice'"
"""The lamp's tasks name nobody's worker, and wait for receipts that do not come."""


def measure(session: Session) -> list[Figure]:
    """How late timers are, and how long a new promise and a claim at a desk take, in milliseconds."""
    count = session.size(20_000, 1_000)
    result = session.contest(
        "fair_promises", {"makegood": lambda: _beside(session, count), "bare": lambda: _beside(session, 0)}
    )
    beside = (
        f"beside {count:,} promises of the catalog, all broken at one instant and told of; a worker of "
        f"{_PROCESSES} processes and an API; bare: the same with nothing beside it"
    )
    figures = (
        ("", "p99", MOST_LATE_MS, f"p99 lateness of another lifecycle's timers, {RATE}/s"),
        ("_opening", "opening", MOST_OPENING_MS, "the longest from a promise posted to its being opened"),
        ("_claiming", "claiming", MOST_CLAIMING_MS, "p99 of the answers to a claim at the desk"),
    )
    return [
        result.figure(
            f"fair_promises{of}", "ms", measure=measured, notes=f"{what}, {beside}",
            goal=lambda found, most=most: at_most(most, "ms", found.value),  # type: ignore[misc]
        )
        for of, measured, most, what in figures
    ]  # fmt: skip


@dataclass
class _Repeated:
    """Something that is done again and again by a thread of its own, and how long it took."""

    act: Callable[[int], None]
    milliseconds: list[float] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def start(self) -> Thread:
        """Begin; it ends once `over` is set."""
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        number = 0
        while not self.over.is_set():
            begun = perf_counter()
            try:
                self.act(number)
            except Exception as error:
                self.failed.append(error)
                return
            self.milliseconds.append(1000 * (perf_counter() - begun))
            number += 1
            self.over.wait(_PAUSE)


def _beside(session: Session, count: int) -> Reading:
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with (
        installed(session, url, (LAMP,)) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
        psycopg.connect(session.conninfo(name), autocommit=True) as looking,
    ):
        api = stack.start_api()
        stack.start_worker(_PROCESSES)
        stack.wait_for_workers(1)
        at = time() + max(15.0, count / 800)
        seconds = session.size(15.0, 3.0)
        lamp = Dues("lamp", int(RATE * seconds), at, seconds)
        lamp.load(connection)
        key = stack.key()
        make_promises(api, key, count, at)
        post(api, key, [_call(number) for number in range(_CALLS)])
        with _client(api, key, "application/cloudevents+json") as sending:
            wait_for_none(connection, (UNDECIDED,), at - 1)
            settle(connection)
            sleep(max(0.0, at - time()))
            with _client(api, stack.key("desk"), "application/json") as desk:
                opening = _Repeated(lambda number: _open(sending, looking, number))
                claiming = _Repeated(lambda number: _claim(desk, number))
                threads = [opening.start(), claiming.start()]
                wait_for_none(connection, (UNLAPSED,), at + _PATIENCE)
                wait_for_none(connection, (_UNTOLD,), at + _PATIENCE)
                sleep(max(0.0, lamp.end - time()))
                for one in (opening, claiming):
                    one.over.set()
                for thread in threads:
                    thread.join()
        lamp.wait(connection, 30.0)
        reading = lamp.reading(connection)
        if failed := [*opening.failed, *claiming.failed]:
            raise RuntimeError(f"{failed[0]}: {stack.said()}")
    session.drop(name)
    return {
        **reading,
        "opening": max(opening.milliseconds),
        "claiming": quantile(claiming.milliseconds, 0.99),
    }


def _client(api: Api, key: str, content: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": content}
    return httpx.Client(base_url=api.url, headers=headers, timeout=30)


def _posted(client: httpx.Client, event: dict[str, Any]) -> None:
    answer = client.post("/v1/events", json=event)
    if answer.status_code != 202:
        raise RuntimeError(f"an event was answered {answer.status_code}: {answer.text[:500]}")


def _open(client: httpx.Client, connection: psycopg.Connection, number: int) -> None:
    """Make a promise more, and wait until it is opened."""
    _posted(client, promise_event(10_000_000 + number, time() + _LATER))
    query = "select 1 from subjects where key = %s and opened_at is not null"
    end = time() + _PATIENCE
    while connection.execute(query, (f"promise:m-{10_000_000 + number}",)).fetchone() is None:
        if time() > end:
            raise RuntimeError(f"promise {number} was not opened")
        sleep(_LOOK)


def _call(number: int) -> dict[str, Any]:
    customer = {"name": f"C{number}", "phone": f"+4930901{number:04}", "zone": "Etc/GMT", "quiet_hours": []}
    return {
        "specversion": "1.0", "id": f"call-{number}", "source": "/crm", "type": "callback.request",
        "subject": f"callback:c-{number}", "datacontenttype": "application/json",
        "data": {"customer": customer, "words": "Please call me"},
    }  # fmt: skip


def _claim(client: httpx.Client, number: int) -> None:
    """Take on the next call."""
    wish = {"id": f"claim-{number}", "by": f"agent{number}@shop.example", "kinds": ["callback"]}
    answer = client.post("/v1/desk/claim", json=wish)
    if answer.status_code != 200:
        raise RuntimeError(f"a claim was answered {answer.status_code}: {answer.text[:500]}")
