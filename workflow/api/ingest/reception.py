"""The way of a request's events from its body to their commit.

A small request is understood and checked right here, in the event loop: that takes some ten microseconds,
less than handing it to a thread. A large batch goes to a thread whole, and has a commit of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from state_machines.errors import Problem
from workflow.api.http.problems import Kind, Refusal, busy
from workflow.api.ingest.cloudevents import Carried, Mode, events_of, named
from workflow.api.ingest.group_commit import CommitRequest, GroupCommitter, Told
from workflow.clock import Clock
from workflow.engine.acceptance import Acceptance, Acceptor, CheckedEvents
from workflow.engine.cloudevent import CloudEvent
from workflow.errors import InvalidEvent

LARGE_BYTES = 32 * 1024
"""A longer body would keep the event loop for milliseconds."""
MOST_TOGETHER = 500
"""Events in one transaction: more make it no cheaper, and keep the first waiting."""


class Reception:
    """Takes events to their commit. `take` belongs to the event loop, the rest happens in threads.

    Args:
        told: hears of new events after each commit.
        most_waiting: events that may wait for a commit.
        one_writer: the store takes one transaction at a time (SQLite).
    """

    def __init__(
        self, acceptor: Acceptor, clock: Clock, told: Told, *, most_waiting: int, one_writer: bool
    ) -> None:
        self._acceptor = acceptor
        self._clock = clock
        self._most_waiting = most_waiting
        self.waiting = 0
        """Events that wait for a commit now."""
        turn = threading.Lock() if one_writer else None
        # With two, one commits while the other collects: measured, a fifth to a quarter more events a second.
        threads = 1 if one_writer else 2
        self._small = GroupCommitter(acceptor, told, threads=threads, most=MOST_TOGETHER, turn=turn)
        self._large = GroupCommitter(acceptor, told, threads=threads, most=1, turn=turn)

    async def take(self, carried: Carried) -> list[Acceptance]:
        """All events of a request, committed.

        Raises:
            Refusal: one of them breaks a rule, or too many wait (429). Nothing was stored.
            Exception: of the database; whatever was stored is all of them.
        """
        if len(carried.body) > LARGE_BYTES:
            return await self._brought(self._large, partial(self._checked, carried), 1)
        events = events_of(carried, self._clock.now())
        if self._acceptor.knows(events):
            return await self._brought(
                self._small, _parcel(self._acceptor, carried.mode, events), len(events)
            )
        return await self._brought(self._large, partial(_parcel, self._acceptor, carried.mode, events), 1)

    def close(self) -> None:
        """Commit what was brought."""
        self._small.close()
        self._large.close()

    async def _brought(
        self, committer: GroupCommitter, checked: CheckedEvents | Callable[[], CheckedEvents], events: int
    ) -> list[Acceptance]:
        if self.waiting and self.waiting + events > self._most_waiting:
            raise busy("queue", f"{self.waiting} events wait to be stored")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Acceptance]] = loop.create_future()
        self.waiting += events
        committer.bring(CommitRequest(checked, answer, loop))
        try:
            return await answer
        finally:
            self.waiting -= events

    def _checked(self, carried: Carried) -> CheckedEvents:
        return _parcel(self._acceptor, carried.mode, events_of(carried, self._clock.now()))


def _parcel(acceptor: Acceptor, mode: Mode, events: list[CloudEvent]) -> CheckedEvents:
    try:
        return acceptor.check(events)
    except InvalidEvent as error:
        raise Refusal(Kind.INVALID, [_placed(mode, problem) for problem in error.problems]) from error


def _placed(mode: Mode, problem: Problem) -> Problem:
    """The engine leaves out the place of an event that came alone; in a batch it has one."""
    if mode is Mode.BATCHED and not problem.field.startswith("["):
        return replace(problem, field=f"[0].{problem.field}")
    return named(mode, problem)
