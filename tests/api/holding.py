"""Having requests wait for their commit, so that they come together for certain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.api.conftest import House
from tests.waiting import wait_until
from workflow.store import Store


@contextmanager
def no_commits(store: Store) -> Iterator[None]:
    """While this is held nobody stores an event; who tries waits."""
    with store.begin() as transaction:
        if store.dialect == "postgresql":
            transaction.connection.exec_driver_sql("lock table events in exclusive mode")
        yield


class Together:
    """Requests of several senders that are all under way at once."""

    def __init__(self, house: House, pool: ThreadPoolExecutor) -> None:
        self._house = house
        self._pool = pool
        self.answers: list[Future[httpx.Response]] = []

    def post(self, *events: object) -> None:
        """Each by a sender of its own."""
        self.answers += [self._pool.submit(self._house.post, event) for event in events]

    def wait_inside(self, events: int) -> None:
        """Until so many events wait for their commit."""
        wait_until(lambda: self._house.door.endpoint.uncommitted >= events, seconds=60, what="events to wait")

    def statuses(self) -> list[int]:
        """How each was answered, in the order of posting."""
        return [answer.result(30).status_code for answer in self.answers]

    def items(self) -> list[tuple[str, str]]:
        """(status, outcome) of each single event."""
        found: Sequence[dict[str, str]] = [answer.result(30).json()["items"][0] for answer in self.answers]
        return [(item["status"], item["outcome"]) for item in found]


@contextmanager
def together(house: House) -> Iterator[Together]:
    """Whoever posts while this is open has its answer when it is closed."""
    with ThreadPoolExecutor(64) as pool, no_commits(house.runtime.store):
        started = Together(house, pool)
        yield started
