"""Ready means ready: who says so can decide, and who cannot says why and ends."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from state_machines.catalog import NAMES
from tasks.pool import readiness
from tests.processes.installation import CUSTOMER, Installation
from tests.processes.test_spine import schedulers
from tests.processes.workers import WorkerProcess
from tests.waiting import wait_until
from workflow.engine.runtime import open_runtime
from workflow.store.port import NewEvent
from workflow.store.schema import definitions, subjects

NOW = datetime(2026, 3, 2, tzinfo=UTC)

ODD = """
lifecycle: odd
version: 1
states: [{name: on}]
transitions:
  - {trigger: start, source: initial, dest: on, conditions: "nobody.knows"}
"""
EVEN = ODD.replace("nobody.knows", "true").replace("odd", "even").replace("name: on", "name: on, final: true")


def with_lifecycle(installation: Installation, text: str) -> Path:
    """The file of the installation's own lifecycle."""
    directory = installation.directory / "lifecycles"
    directory.mkdir()
    file = directory / "own.yaml"
    file.write_text(text)
    installation.configure(lifecycles=directory)
    return file


def ended(worker: WorkerProcess) -> str:
    """What a worker said that ended with exit code 1 and was never ready."""
    assert worker.wait_ended(60) == 1
    said = worker.log.read_text()
    assert " ready." not in said
    assert '"the worker cannot start"' in said
    assert worker.group() == []
    return said


def test_a_worker_that_cannot_load_a_lifecycle_ends_and_names_its_fault(
    sqlite_installation: Installation,
) -> None:
    with_lifecycle(sqlite_installation, ODD)
    said = ended(sqlite_installation.workers.start("--concurrency", "1"))
    assert "own.yaml:6: transitions[0].conditions" in said


def test_a_worker_whose_lifecycle_is_no_text_or_that_has_no_directory_of_them_ends(
    sqlite_installation: Installation,
) -> None:
    file = with_lifecycle(sqlite_installation, ODD)
    file.write_bytes(b"lifecycle: \xff")
    said = ended(sqlite_installation.workers.start("--concurrency", "1"))
    assert "own.yaml: document: not UTF-8: invalid start byte at byte 11 [encoding]" in said
    file.unlink()
    file.parent.rmdir()
    said = ended(sqlite_installation.workers.start("--concurrency", "1"))
    assert f"MAKEGOOD_LIFECYCLES: {file.parent} is no directory" in said


def test_a_worker_whose_lifecycle_stands_for_another_text_ends(sqlite_installation: Installation) -> None:
    file = with_lifecycle(sqlite_installation, EVEN)
    open_runtime(sqlite_installation.settings).close()
    file.write_text(EVEN + "# more\n")
    assert "even" in ended(sqlite_installation.workers.start("--concurrency", "1"))


def stored(installation: Installation, text: str, version: int) -> None:
    """A text in the database that an earlier makegood took."""
    with installation.runtime.store.begin() as transaction:
        row = {"lifecycle": "odd", "version": version, "digest": "-", "source": text, "registered_at": NOW}
        transaction.connection.execute(insert(definitions), row)


@pytest.mark.sampled
@pytest.mark.parametrize("arguments", [("--concurrency", "2"), ("--scheduler-only",)])
def test_a_worker_leaves_subjects_of_a_definition_that_it_cannot_read_and_does_all_else(
    installation: Installation, arguments: tuple[str, ...]
) -> None:
    """As one of the version before does that starts again, after a newer one has registered its own."""
    stored(installation, ODD, 1)
    unread = NewEvent("/test", "odd:1/start", "odd:1", "odd", 1, "odd.start", NOW, {}, None)
    with installation.runtime.store.begin() as transaction:
        transaction.accept([unread], NOW)
    worker = installation.workers.start(*arguments)
    installation.send(installation.promise("A", 2.0, customer=CUSTOMER))
    wait_until(lambda: installation.state("promise:A") == "lapsed", seconds=60, what="the promise to lapse")
    assert installation.state("odd:1") == "initial"
    assert installation.dead_letters() == []
    said = worker.log.read_text()
    assert "a definition is not understood here, its subjects are left to others" in said
    assert "odd.v1:6: transitions[0].conditions" in said


def test_a_definition_that_cannot_be_read_and_that_nothing_needs_is_not_told_of(
    installation: Installation,
) -> None:
    stored(installation, ODD, 1)
    stored(installation, EVEN.replace("even", "odd").replace("version: 1", "version: 2"), 2)
    registry = installation.runtime.registry
    assert registry.look_over() == []
    with installation.runtime.store.begin() as transaction:
        row = {"key": "odd:1", "lifecycle": "odd", "version": 1, "state": "on", "seq": 1, "data": {}}
        transaction.connection.execute(insert(subjects), row)
    (needed,) = registry.look_over()
    assert (needed.lifecycle, needed.version) == ("odd", 1)
    assert "conditions" in str(needed)


@pytest.mark.sampled
@pytest.mark.parametrize("which", ["pool", "scheduler"])
def test_a_worker_ends_whose_new_processes_cannot_decide(
    sqlite_installation: Installation, which: str
) -> None:
    """Its lifecycles are spoilt while it runs: a process that is started then takes nothing."""
    file = with_lifecycle(sqlite_installation, EVEN)
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    file.write_text(EVEN + "# more\n")
    kinds = {"scheduler": schedulers(worker)}
    kinds["pool"] = [pid for pid in worker.group() if pid != worker.pid and pid not in kinds["scheduler"]]
    os.kill(kinds[which][0], signal.SIGKILL)
    assert worker.wait_ended(60) == 1
    said = worker.log.read_text()
    assert "cannot decide" in said
    assert "version: even version 1 is already registered with another text" in said
    assert worker.group() == []


@pytest.mark.sampled
@pytest.mark.parametrize("arguments", [("--concurrency", "2"), ("--scheduler-only",)])
def test_a_worker_whose_database_is_empty_ends(
    sqlite_installation: Installation, arguments: tuple[str, ...]
) -> None:
    nothing = f"sqlite:///{sqlite_installation.directory / 'nothing.db'}"
    sqlite_installation.configure(database_url=nothing)
    assert "makegood migrate" in ended(sqlite_installation.workers.start(*arguments))


def test_a_ready_worker_has_its_processes_each_with_one_thread_and_what_the_first_one_compiled(
    installation: Installation,
) -> None:
    """A fork beside another thread could inherit a lock that nobody ever gives back. The scheduler forks
    nothing: what it asks, it asks in threads.
    """
    worker = installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    processes = worker.group()
    assert len(processes) == 4, "worker, pool, scheduler"
    said = worker.log.read_text().partition(', "event": "the scheduler is started"')[0]
    forking = [pid for pid in processes if pid != int(said.rpartition('"process": ')[2])]
    assert [len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in forking] == [1, 1, 1]


def test_who_opens_again_compiles_nothing_again(sqlite_installation: Installation) -> None:
    found = []
    for _ in range(2):
        runtime = open_runtime(sqlite_installation.settings)
        found.append([runtime.registry.latest(name) for name in runtime.registry.names()])
        runtime.close()
    first, second = found
    assert [one is another for one, another in zip(first, second, strict=True)] == [True] * len(NAMES)


def test_the_worker_waits_for_every_process_and_hears_of_one_that_cannot() -> None:
    waited: list[int] = []
    ready = readiness.Readiness()
    ready.say(True)
    assert ready.wait(2, 60, lambda: waited.append(1) or (len(waited) == 3 and ready.say(True))) is None
    assert len(waited) >= 3, "not before the second"
    ready.say(True)
    assert not ready.is_given_up()
    ready.say(False, for_now=True)
    assert not ready.is_given_up(), "its first task tries again"
    ready.say(False)
    assert ready.is_given_up()
    assert not ready.is_given_up(), "it was said once"
    ready.close()

    for said, wrong in (((True, False), "cannot decide"), ((True,), "only 1 of 2")):
        ready = readiness.Readiness()
        for can in said:
            ready.say(can)
        assert wrong in (ready.wait(2, 0.1, lambda: None) or "")
        ready.close()
