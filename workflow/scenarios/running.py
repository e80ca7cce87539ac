"""Plays scenarios one after another or in several processes, each in an installation of its own."""

from __future__ import annotations

import os
import signal
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import TemporaryDirectory

from workflow.clock import monotonic
from workflow.errors import MakegoodError
from workflow.recovery import vocabulary
from workflow.scenarios.installation import Installation
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.player import Player
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.stores import Kind, Stores, stores_of
from workflow.scenarios.taken import taken_in

_WORTH_A_PROCESS = 12
"""Scenarios that take about as long as a process needs to begin."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How scenarios are played.

    Attributes:
        store: on which kind of store.
        url: of the PostgreSQL server.
        jobs: in how many processes; None: as many as it is worth.
        taken: whether to note what they take of the definitions.
    """

    store: Kind = "sqlite"
    url: str = ""
    jobs: int | None = None
    taken: bool = False

    def processes(self, scenarios: int) -> int:
        """In how many processes so many scenarios are played."""
        if self.jobs is not None:
            return max(1, min(self.jobs, scenarios))
        return max(1, min(_cores(), ceil(scenarios / _WORTH_A_PROCESS)))


def _cores() -> int:
    """Those that this process may use; macOS tells only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(scenarios: Sequence[Scenario], options: RunOptions) -> Iterator[Outcome]:
    """How each went: in the order given, or as they are done if it is more than one process.

    Raises StoreError when no store can be made.
    """
    processes = options.processes(len(scenarios))
    if processes == 1:
        with stores_of(options.store, options.url) as stores:
            for scenario in scenarios:
                yield play(scenario, stores, options)
        return
    context = get_context("forkserver")  # a fresh process each, that shares the cost of importing
    context.set_forkserver_preload([__name__])
    with (
        TemporaryDirectory(prefix="makegood-test-") as home,
        ProcessPoolExecutor(processes, context, _Process.begin, (options, home)) as pool,
    ):
        waiting = [pool.submit(_Process.play, scenario) for scenario in scenarios]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool:
            raise MakegoodError("a process that played scenarios was killed, and took theirs along") from None
        finally:
            pool.shutdown(cancel_futures=True)


def play(scenario: Scenario, stores: Stores, options: RunOptions) -> Outcome:
    """How one scenario goes. Raises nothing but what ends the process."""
    vocabulary.register()
    began = monotonic()
    try:
        with stores.empty() as store, TemporaryDirectory(prefix="makegood-installation-") as directory:
            installation = Installation(store, Path(directory), scenario.begins, scenario.sources)
            try:
                outcome = Player(scenario, installation).play()
                if options.taken:
                    outcome.taken = taken_in(store, installation.registry)
            finally:
                installation.close()
    except Exception:
        outcome = Outcome(scenario, error=traceback.format_exc())
    outcome.seconds = monotonic() - began
    return outcome


class _Process:
    """What one process of several has."""

    stores: Stores
    options: RunOptions
    failure: MakegoodError | None = None
    open = ExitStack()

    @classmethod
    def begin(cls, options: RunOptions, home: str) -> None:
        """Open its stores, which end with it. What it keeps in files lies in `home`, which is removed even
        after a process that was killed.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the first process, which ends the others
        tempfile.tempdir = home
        cls.options = options
        try:
            cls.stores = cls.open.enter_context(stores_of(options.store, options.url))
        except MakegoodError as error:
            cls.failure = error
        Finalize(None, cls.open.close, exitpriority=1)  # what such a process leaves by runs no atexit

    @classmethod
    def play(cls, scenario: Scenario) -> Outcome:
        """As `play`, here. Raises StoreError where no store could be made."""
        if cls.failure is not None:
            raise cls.failure
        return play(scenario, cls.stores, cls.options)
