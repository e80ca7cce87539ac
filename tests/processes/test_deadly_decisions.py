"""Invariant 16: what ends a process twice is a dead letter, and does no harm to anybody else."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.processes.deadly_worker import FUSE, deaths_file
from tests.processes.installation import Installation
from workflow.engine.suspects import DEATHS
from workflow.maintenance.dead_letters import retry_event
from workflow.maintenance.discards import discard_event, discard_timer
from workflow.queries.dead_letters import DeadLetters, first_dead_letters
from workflow.queries.event_outcomes import event_outcome
from workflow.store.schema import inbox

GOOD = 40
WORKER = [sys.executable, "-m", "tests.processes.deadly_worker", "worker", "--concurrency", "2"]


@pytest.fixture
def deadly(installation: Installation) -> Installation:
    """With fuses, and two workers of two processes each."""
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir()
    (lifecycles / "fuse.yaml").write_text(FUSE)
    installation.configure(lifecycles=lifecycles)
    installation.settings.data_dir.mkdir(exist_ok=True)
    for name in ("first", "second"):
        installation.workers.start_command(WORKER, " ready.", name).wait_ready()
    return installation


def dead(installation: Installation) -> DeadLetters:
    """All dead letters."""
    return first_dead_letters(installation.runtime.store)


def lit(installation: Installation, name: str, deadly: str | None = None) -> Any:
    """The event that lights a fuse."""
    data = {} if deadly is None else {"deadly": deadly}
    return installation.event("fuse.light", f"fuse:{name}", data)


@pytest.mark.timeout(240)
def test_what_kills_two_processes_is_a_dead_letter_and_all_else_is_decided(deadly: Installation) -> None:
    installation = deadly
    good = [lit(installation, str(number)) for number in range(GOOD)]
    half = GOOD // 2
    bad, later = lit(installation, "bad", "light"), lit(installation, "later", "burn")
    installation.send(*good[:half], bad, later, *good[half:])
    installation.wait(lambda: len(installation.moves("burn")) >= GOOD, what="the good ones to burn")
    installation.wait(lambda: dead(installation).events and dead(installation).timers, what="dead letters")

    (event,), (timer,) = dead(installation).events, dead(installation).timers
    words = f"ended-processes: its decision ended {DEATHS} processes"
    assert (event.subject, event.error) == ("fuse:bad", words)
    assert (timer.subject, timer.name, timer.error) == ("fuse:later", "lit", words)
    assert Counter(move.key for move in installation.moves("burn")) == Counter(one.subject for one in good)
    died = Counter(deaths_file(installation.settings.data_dir).read_text().split())
    assert died == {"fuse:bad": DEATHS, "fuse:later": DEATHS}

    store, now = installation.runtime.store, installation.runtime.clock.now
    retry_event(store, event.id)
    installation.broker.wake_apply(["fuse:bad"])
    installation.wait(
        lambda: [one.error for one in dead(installation).events] == [words.replace(str(DEATHS), "3")],
        what="the retried one to be dead again",
    )
    assert discard_event(store, event.id, "it kills", "operator", now()).outcome == "discarded"
    discard_timer(store, "fuse:later", "lit", "it kills", "operator", now())
    assert dead(installation) == DeadLetters([], [], [], more=False)
    found = event_outcome(store, bad.source, bad.id)
    assert found is not None and (found.outcome, found.reason) == ("discarded", "it kills")
    with store.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(inbox)) == 0
