"""Ready means ready: who says so can decide, and who cannot says why and ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from state_machines.definitions.lifecycle import load
from tasks.pool import readiness
from tests.processes.installation import Installation
from tests.processes.workers import WorkerProcess
from workflow.engine.runtime import open_runtime

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


def test_a_worker_whose_lifecycle_stands_for_another_text_ends(sqlite_installation: Installation) -> None:
    file = with_lifecycle(sqlite_installation, EVEN)
    open_runtime(sqlite_installation.settings).close()
    file.write_text(EVEN + "# more\n")
    assert "even" in ended(sqlite_installation.workers.start("--concurrency", "1"))


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
    """A fork beside another thread could inherit a lock that nobody ever gives back."""
    worker = installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    processes = worker.group()
    assert len(processes) == 4, "worker, pool, scheduler"
    assert [len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in processes] == [1, 1, 1, 1]


def test_who_opens_again_compiles_nothing_again(sqlite_installation: Installation) -> None:
    open_runtime(sqlite_installation.settings).close()
    compiled = load.cache_info().misses
    open_runtime(sqlite_installation.settings).close()
    assert load.cache_info().misses == compiled


def test_the_worker_waits_for_every_process_and_hears_of_one_that_cannot() -> None:
    waited: list[int] = []
    ready = readiness.Readiness()
    ready.say(True)
    assert ready.wait(2, 60, lambda: waited.append(1) or (len(waited) == 3 and ready.say(True))) is None
    assert len(waited) >= 3, "not before the second"
    ready.say(True)  # a process that is started later: nobody listens, and it does not mind
    os.close(ready._descriptor)

    for said, wrong in (((True, False), "cannot decide"), ((True,), "only 1 of 2")):
        ready = readiness.Readiness()
        for can in said:
            ready.say(can)
        assert wrong in (ready.wait(2, 0.1, lambda: None) or "")
        os.close(ready._descriptor)
