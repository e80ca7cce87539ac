"""Runs of the storm one after another, or in several processes that keep their stores."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.util import Finalize
from tempfile import TemporaryDirectory

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.contracts.pager import REGISTRATION as PAGER
from tests.invariants.storm.storm import Ran, numbers_of, run
from workflow.recovery.contact import channels
from workflow.scenarios.stores import Kind, Stores, stores_of


def runs_in_processes(seeds: Sequence[int], steps: int, kind: Kind, url: str) -> Iterator[Ran]:
    """A run a seed, as they are done, with a bar of progress; in as many processes as there are cores."""
    jobs = int(os.environ.get("STORM_JOBS", len(os.sched_getaffinity(0))))
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    columns = (TextColumn(f"storm on {kind}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        TemporaryDirectory(prefix="makegood-storms-") as home,
        ProcessPoolExecutor(jobs, context, _Process.begin, (kind, url, home)) as pool,
        Progress(*columns, TextColumn("{task.description}")) as bar,
    ):
        task, found = bar.add_task("nothing found", total=len(seeds)), 0
        for done in as_completed([pool.submit(_Process.play, seed, steps) for seed in seeds]):
            ran = done.result()
            found += bool(ran.found)
            bar.update(task, advance=1, description=f"{found} with a finding" if found else "nothing found")
            yield ran


class _Process:
    """What one process of several has."""

    stores: Stores
    open = ExitStack()

    @classmethod
    def begin(cls, kind: Kind, url: str, home: str) -> None:
        """Open its stores, which end with it; what it keeps in files lies in `home`."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the first process, which ends the others
        tempfile.tempdir = home
        channels.register(PAGER)
        gc.set_threshold(50_000, 20, 50)
        gc.freeze()  # what is imported stays
        cls.stores = cls.open.enter_context(stores_of(kind, url))
        Finalize(None, cls.open.close, exitpriority=1)

    @classmethod
    def play(cls, seed: int, steps: int) -> Ran:
        """As `run`, here."""
        return run(seed, numbers_of(seed, steps), cls.stores)
