"""Group commit: one transaction for all requests that wait at the same time.

A commit is a write to the disk that a request has to wait for, and it costs the same for one event as for
five hundred. So requests do not commit: they submit what they have checked to a committer, which takes all
that waits, stores it in one transaction and gives each request its answer. A request that comes alone is
committed at once; one that comes during a commit is in the next one. See docs/adr/0010-group-commit.md.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog
from sqlalchemy.exc import OperationalError

from workflow.access.principal import Principal
from workflow.clock import monotonic
from workflow.engine.acceptance import Acceptance, Acceptor, CheckedEvents, Stored
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.transient_errors import is_transient

log = structlog.get_logger(__name__)

Answers = list[Acceptance]
OnCommit = Callable[[Sequence[str]], None]
"""Called after a commit, in the committer's thread, with some keys of subjects that got new events."""

MAX_GROUP_EVENTS = 500
"""Events in one transaction: more make it no cheaper, and keep the first waiting."""
_SHOWN = 6
_CLOSE_SECONDS = 5.0
"""How long `close` waits for commits that are under way."""
_TRIES = 3
_ROLLED_BACK = frozenset({"40001", "40P01"})
"""SQLSTATE of serialization failure and deadlock: nothing was stored, and the same may be tried again."""


class GroupCommit:
    """Accepts the events of many requests of one process, from its event loop. `close` it at the end.

    Args:
        on_commit: see `OnCommit`.
    """

    def __init__(self, engine: Engine, on_commit: OnCommit) -> None:
        self._acceptor = engine.acceptor
        self.uncommitted = 0
        """Events that wait for their commit now; of a request that is checked apart one is counted."""
        one_writer = engine.store.dialect == "sqlite"
        lock = threading.Lock() if one_writer else None
        # With two, one commits while the other collects: measured, a fifth to a quarter more events a second.
        threads = 1 if one_writer else 2

        def committer(max_events: int) -> Committer:
            return Committer(
                self._acceptor, on_commit, threads=threads, max_events=max_events, writer_lock=lock
            )

        self._together, self._apart = committer(MAX_GROUP_EVENTS), committer(1)

    async def accept(
        self, events: Sequence[CloudEvent], by: Principal, expected_revision: int | None = None
    ) -> Answers:
        """Check the events of a request of `by` here, and commit them together with those of others.

        `expected_revision` as for `Acceptor.check`.

        Raises:
            InvalidEvent, EventConflict: as `Engine.accept`.
            Exception: of the database; either all of the request is stored or nothing.
        """
        if not self._acceptor.knows(events):  # what must be asked or compiled would keep the event loop
            return await self.accept_apart(lambda: events, by, expected_revision)
        checked = self._acceptor.check(events, by, expected_revision=expected_revision)
        return await self._submit(self._together, checked, len(events))

    async def accept_apart(
        self, read: Callable[[], Sequence[CloudEvent]], by: Principal, expected_revision: int | None = None
    ) -> Answers:
        """As `accept`, with a thread and a commit of its own; `read` gives the events, in that thread."""
        check = partial(copy_context().run, lambda: self._acceptor.check(read(), by, None, expected_revision))
        return await self._submit(self._apart, check, 1)

    def close(self) -> None:
        """Commit what was submitted, then end the threads that commit."""
        self._together.close()
        self._apart.close()

    async def _submit(
        self, committer: Committer, checked: CheckedEvents | Callable[[], CheckedEvents], events: int
    ) -> Answers:
        loop = asyncio.get_running_loop()
        answer: Future[Answers] = loop.create_future()
        self.uncommitted += events
        committer.submit(CommitRequest(checked, answer, loop))
        try:
            return await answer
        finally:
            self.uncommitted -= events


class CommitRequest(NamedTuple):
    """The events of one request, to be stored, and where its answer goes.

    Attributes:
        checked: the events, or a function that checks them first; what it raises is the request's answer.
        answer: of the request, set in `loop`: an acceptance for each event, or an exception.
    """

    checked: CheckedEvents | Callable[[], CheckedEvents]
    answer: Future[Answers]
    loop: AbstractEventLoop


class Committer:
    """Threads that commit, each with a connection of its own while it does.

    Args:
        on_commit: see `OnCommit`.
        threads: how many commits may be under way at once.
        max_events: about how many events go into one transaction; at least one request does.
        writer_lock: held during a transaction, for a store that has one writer only.
    """

    def __init__(
        self,
        acceptor: Acceptor,
        on_commit: OnCommit,
        *,
        threads: int,
        max_events: int,
        writer_lock: threading.Lock | None = None,
    ) -> None:
        self._acceptor = acceptor
        self._on_commit = on_commit
        self._count = threads
        self._max_events = max_events
        self._writer_lock: AbstractContextManager[object] = writer_lock or nullcontext()
        self._queue: SimpleQueue[CommitRequest | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, request: CommitRequest) -> None:
        """Have its events stored; its answer is set in its loop. Only from that loop's thread."""
        if not self._threads:
            self._start()
        self._queue.put(request)

    def close(self) -> None:
        """Store what was submitted, then end the threads."""
        for _ in self._threads:
            self._queue.put(None)
        deadline = monotonic() + _CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():  # the database does not answer; no request was told that it is stored
                log.error("a commit did not end", thread=thread.name)
        self._threads = []

    def _start(self) -> None:
        self._threads = [
            threading.Thread(target=self._run, name=f"makegood-commit-{number}", daemon=True)
            for number in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, ended = self._group(first)
            try:
                self._commit(group)
            except Exception as error:  # without this thread requests would never be answered
                log.error("a committer failed", exc_info=error)
            if ended:
                return

    def _group(self, first: CommitRequest) -> tuple[list[CommitRequest], bool]:
        """The first request and those that wait behind it; and whether this thread is to end."""
        group, events = [first], _size(first)
        while events < self._max_events:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                return group, True
            group.append(more)
            events += _size(more)
        return group, False

    def _commit(self, group: list[CommitRequest]) -> None:
        """Store these and answer each of them, whatever happens."""
        answers: list[Answers | BaseException | None] = [None] * len(group)
        checked: dict[int, CheckedEvents] = {}
        for place, request in enumerate(group):
            try:
                checked[place] = request.checked() if callable(request.checked) else request.checked
            except Exception as error:  # the answer of this request, and of no other
                answers[place] = error
        try:
            self._store(checked, answers)
            subjects = [
                one.subject
                for given in answers
                if isinstance(given, list)
                for one in given
                if one.status == "accepted"
            ]
            if subjects:
                self._on_commit(subjects[:_SHOWN])
        finally:
            _answer(group, answers)

    def _store(
        self, checked: dict[int, CheckedEvents], answers: list[Answers | BaseException | None]
    ) -> None:
        """In one transaction; if one request cannot be stored, each in its own, so that it harms no other."""
        try:
            for place, given in zip(checked, self._stored(list(checked.values())), strict=True):
                answers[place] = given
            return
        except Exception as error:
            if len(checked) == 1 or is_transient(error):
                for place in checked:
                    answers[place] = error
                return
            log.warning("stored one by one", error=type(error).__name__, requests=len(checked))
        for place, one in checked.items():
            try:
                answers[place] = self._stored([one])[0]
            except Exception as error:  # the answer of this request, and of no other
                answers[place] = error

    def _stored(self, checked: list[CheckedEvents]) -> list[Stored]:
        """The answers of these requests, committed together; tried again when the database rolled back."""
        if not checked:
            return []
        with self._writer_lock:
            for _ in range(_TRIES - 1):
                try:
                    return self._acceptor.store(checked)
                except OperationalError as error:
                    if getattr(error.orig, "sqlstate", None) not in _ROLLED_BACK:
                        raise
                    log.info("stored once more", error=type(error.orig).__name__, requests=len(checked))
            return self._acceptor.store(checked)


def _size(request: CommitRequest) -> int:
    return 1 if callable(request.checked) else len(request.checked.rows)


def _answer(group: list[CommitRequest], answers: list[Answers | BaseException | None]) -> None:
    """Give each request its answer, by one call into each event loop."""
    by_loop: dict[AbstractEventLoop, list[tuple[Future[Answers], Answers | BaseException | None]]] = {}
    for request, given in zip(group, answers, strict=True):
        by_loop.setdefault(request.loop, []).append((request.answer, given))
    for loop, given_here in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set, given_here)
        except RuntimeError:  # the loop is closed, so no request waits; what is stored is stored
            log.warning("no request waited for answers", requests=len(given_here))


def _set(given: list[tuple[Future[Answers], Answers | BaseException | None]]) -> None:
    for future, answer in given:
        if future.done():  # its request was cancelled
            continue
        if isinstance(answer, list):
            future.set_result(answer)
        else:
            future.set_exception(answer or RuntimeError("its committer failed"))
