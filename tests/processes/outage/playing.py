"""Starts what an installation consists of, has the story played, and reads what came of it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx
import psutil

from state_machines.values.durations import format_duration
from tests.processes.installation import Installation
from tests.processes.outage.people import callers
from tests.processes.outage.records import read
from tests.processes.outage.rules import Outage
from tests.processes.outage.story import Story
from workflow.clock import monotonic
from workflow.embedded.ports import free_port

QUARTER = 3.0
"""The quarter of an hour in units of the time within which reports come in."""
_OURS = {"worker": "worker", "api": "api", "postgres": "PostgreSQL", "valkey": "Valkey"}


@dataclass(frozen=True, slots=True)
class Played:
    """An outage, and what it took.

    Attributes:
        outage: as it is judged.
        seconds: within which the reports came in.
        lasted: seconds from the first report to the end.
        cpu: seconds of processors, by kind of process.
    """

    outage: Outage
    seconds: float
    lasted: float
    cpu: Mapping[str, float]


def play(
    installation: Installation,
    customers: int,
    seconds: float,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> Played:
    """Play it with so many customers who report within so many seconds; `tell` hears how it goes on."""
    interval = timedelta(seconds=QUARTER * seconds)
    installation.configure(api_port=free_port(), gather=format_duration(interval))
    installation.settings.data_dir.mkdir(exist_ok=True)
    installation.workers.start("--concurrency", "2").wait_ready()
    api = [sys.executable, "-m", "workflow.cli", "api"]
    installation.workers.start_command(api, "", "api")
    installation.wait(lambda: _answers(installation.settings.api_port), what="the API to answer")
    before, begin = _cpu(), monotonic()
    people = callers(customers, installation.runtime.clock.now())
    story = Story(installation, people, seconds, interval, tell)
    try:
        story.play()
        lasted, after = monotonic() - begin, _cpu()
        outage = Outage(people, dict(story.reported), interval, read(installation, story.listed()))
    finally:
        story.close()
    return Played(outage, story.reported_within, lasted, {kind: after[kind] - before[kind] for kind in after})


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _cpu() -> Counter[str]:
    """Seconds that our processes and the servers have used, ended children included."""
    used: Counter[str] = Counter()
    for process in [psutil.Process(os.getpid()), *psutil.Process(os.getpid()).children(recursive=True)]:
        try:
            command, times = process.cmdline(), process.cpu_times()
        except psutil.Error:
            continue
        kind = next(
            (name for word, name in _OURS.items() if any(word in one for one in command[:4])), "customers"
        )
        used[kind] += times.user + times.system + times.children_user + times.children_system
    return used
