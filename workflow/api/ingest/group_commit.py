"""One commit for all who come at the same time (group commit).

A commit is a write to the disk that somebody has to wait for, and it costs the same for one event as for
five hundred. So requests do not commit: they hand what they have checked to a committer, which takes all that
waits, stores it in one transaction and tells each its answer. Who comes alone goes at once; who comes while
a commit is under way is in the next one. See docs/adr/0010-group-commit.md.
"""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog
from sqlalchemy.exc import OperationalError

from workflow.clock import monotonic
from workflow.engine.acceptance import Acceptance, Acceptor, CheckedEvents
from workflow.engine.transient_errors import is_transient

log = structlog.get_logger(__name__)

Answers = list[Acceptance]
Told = Callable[[Sequence[str]], None]
"""Is told, after a commit and in the committer's thread, some keys of subjects that got new events."""

_TOLD = 6
_LAST_SECONDS = 5.0
"""For what is under way when the door is closed for good."""
_TRIES = 3
_ROLLED_BACK = frozenset({"40001", "40P01"})
"""SQLSTATE of serialization failure and deadlock: nothing was stored, and the same may be tried again."""


class CommitRequest(NamedTuple):
    """What one request wants stored, and where its answer goes.

    `parcel` may be a function that checks what was not checked yet; what that raises is the request's answer.
    """

    checked: CheckedEvents | Callable[[], CheckedEvents]
    answer: Future[Answers]
    loop: AbstractEventLoop


class GroupCommitter:
    """Threads that commit, each with a connection of its own while it does.

    Args:
        told: see `Told`.
        threads: how many commits may be under way at once.
        most: about how many events go into one transaction; at least one errand does.
        turn: held while there is a transaction, for a store that has one writer only.
    """

    def __init__(
        self, acceptor: Acceptor, told: Told, *, threads: int, most: int, turn: threading.Lock | None = None
    ) -> None:
        self._acceptor = acceptor
        self._told = told
        self._count = threads
        self._most = most
        self._turn: AbstractContextManager[object] = nullcontext() if turn is None else turn
        self._commit_requests: SimpleQueue[CommitRequest | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def bring(self, commit_request: CommitRequest) -> None:
        """Have it stored; its answer is set in its loop. Only from that loop's thread."""
        if not self._threads:
            self._start()
        self._commit_requests.put(commit_request)

    def close(self) -> None:
        """Store what was brought, then end the threads."""
        for _ in self._threads:
            self._commit_requests.put(None)
        deadline = monotonic() + _LAST_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():  # the database does not answer; nobody was told that anything is stored
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
        while (first := self._commit_requests.get()) is not None:
            commit_requests, ended = self._company(first)
            try:
                self._serve(commit_requests)
            except Exception as error:  # without its threads the door would take requests and answer none
                log.error("a committer failed", exc_info=error)
            if ended:
                return

    def _company(self, first: CommitRequest) -> tuple[list[CommitRequest], bool]:
        """Everything that waits, the first and others behind it; and whether this thread is to end."""
        commit_requests, events = [first], _size(first)
        while events < self._most:
            try:
                more = self._commit_requests.get_nowait()
            except Empty:
                break
            if more is None:
                return commit_requests, True
            commit_requests.append(more)
            events += _size(more)
        return commit_requests, False

    def _serve(self, commit_requests: list[CommitRequest]) -> None:
        """Answer them all, whatever happens."""
        answers: list[Answers | BaseException | None] = [None] * len(commit_requests)
        checked_requests: dict[int, CheckedEvents] = {}
        for place, commit_request in enumerate(commit_requests):
            try:
                checked_requests[place] = (
                    commit_request.checked() if callable(commit_request.checked) else commit_request.checked
                )
            except Exception as error:  # its own sender is told, nobody else
                answers[place] = error
        try:
            self._store(checked_requests, answers)
            subjects = [
                one.subject
                for given in answers
                if isinstance(given, list)
                for one in given
                if one.status == "accepted"
            ]
            if subjects:
                self._told(subjects[:_TOLD])
        finally:
            _deliver(commit_requests, answers)

    def _store(
        self, checked_requests: dict[int, CheckedEvents], answers: list[Answers | BaseException | None]
    ) -> None:
        """Together; where something in one cannot be stored, one by one, so that it harms no other."""
        try:
            for place, given in zip(
                checked_requests, self._committed(list(checked_requests.values())), strict=True
            ):
                answers[place] = given
            return
        except Exception as error:
            if len(checked_requests) == 1 or is_transient(error):
                for place in checked_requests:
                    answers[place] = error
                return
            log.warning("stored one by one", error=type(error).__name__, requests=len(checked_requests))
        for place, checked in checked_requests.items():
            try:
                answers[place] = self._committed([checked])[0]
            except Exception as error:  # its own sender is told
                answers[place] = error

    def _committed(self, checked_requests: list[CheckedEvents]) -> list[Answers]:
        if not checked_requests:
            return []
        with self._turn:
            for _ in range(_TRIES - 1):
                try:
                    return self._acceptor.store(checked_requests)
                except OperationalError as error:
                    if getattr(error.orig, "sqlstate", None) not in _ROLLED_BACK:
                        raise
                    log.info(
                        "stored once more", error=type(error.orig).__name__, requests=len(checked_requests)
                    )
            return self._acceptor.store(checked_requests)


def _size(commit_request: CommitRequest) -> int:
    return 1 if callable(commit_request.checked) else len(commit_request.checked.rows)


def _deliver(commit_requests: list[CommitRequest], answers: list[Answers | BaseException | None]) -> None:
    """One call into each loop, however many answers it gets."""
    by_loop: dict[AbstractEventLoop, list[tuple[Future[Answers], Answers | BaseException | None]]] = {}
    for commit_request, given in zip(commit_requests, answers, strict=True):
        by_loop.setdefault(commit_request.loop, []).append((commit_request.answer, given))
    for loop, given_here in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set, given_here)
        except RuntimeError:  # the loop is closed: nobody waits any more, and what is stored is stored
            log.warning("nobody waited for answers", requests=len(given_here))


def _set(given: list[tuple[Future[Answers], Answers | BaseException | None]]) -> None:
    for future, answer in given:
        if future.done():  # its request was cancelled
            continue
        if isinstance(answer, list):
            future.set_result(answer)
        else:
            future.set_exception(answer or RuntimeError("its committer failed"))
