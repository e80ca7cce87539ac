"""Services start in order, come back when they die or hang, and end in reverse order, all of them."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from state_machines.values.backoff import Backoff
from tests.supervisor.programs import STEADY, STUBBORN, noted, program, runs
from tests.waiting import wait_until
from workflow.errors import ServiceFailed
from workflow.supervisor import child
from workflow.supervisor.service import Report, Restarts, Service
from workflow.supervisor.supervisor import Supervisor

QUICK = Restarts(Backoff(first=0.05, longest=0.2))


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Path]:
    """Where the programs note what they do; whatever they left running is reported as an error."""
    path = tmp_path / "record"
    yield path
    left = [pid for what in ("start", "inner") for _, pid in noted(path, what) if runs(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def ready_after(record: Path, name: str) -> Service:
    """A steady service that is ready once it has noted its start."""
    return program(STEADY, name, record, ready=lambda: name in dict(noted(record, "start")))


def test_services_start_in_order_and_end_in_reverse(tmp_path: Path, record: Path) -> None:
    names = ["broker", "api", "worker"]
    with Supervisor([ready_after(record, name) for name in names], log_dir=tmp_path / "logs"):
        started = [name for name, _ in noted(record, "start")]
    assert started == names
    assert [name for name, _ in noted(record, "end")] == names[::-1]


def test_services_beside_each_other_start_and_end_together(tmp_path: Path, record: Path) -> None:
    """Each of the two is ready only when the other has started."""

    def both() -> bool:
        return {"api", "worker"} <= set(dict(noted(record, "start")))

    pair = [
        program(STEADY, "api", record, ready=both),
        program(STEADY, "worker", record, ready=both, beside=True),
    ]
    services = [ready_after(record, "broker"), *pair, ready_after(record, "flower")]
    with Supervisor(services, log_dir=tmp_path / "logs"):
        started = [name for name, _ in noted(record, "start")]
    ended = [name for name, _ in noted(record, "end")]
    assert (started[0], {*started[1:3]}, started[3]) == ("broker", {"api", "worker"}, "flower")
    assert (ended[0], {*ended[1:3]}, ended[3]) == ("flower", {"api", "worker"}, "broker")


def test_a_killed_service_comes_back_and_the_others_stay(tmp_path: Path, record: Path) -> None:
    services = [ready_after(record, "api"), ready_after(record, "worker")]
    with Supervisor(services, log_dir=tmp_path / "logs", restarts=QUICK) as supervisor:
        before = supervisor.pids()
        os.kill(before["worker"], signal.SIGKILL)
        wait_until(lambda: len(noted(record, "start")) == 3, seconds=60, what="the worker's second start")
        after = supervisor.pids()
        assert after["api"] == before["api"]
        assert after["worker"] != before["worker"]


def test_a_service_that_hangs_is_replaced_with_its_whole_group(tmp_path: Path, record: Path) -> None:
    reports: list[Report] = []
    stuck = program(
        STUBBORN,
        "worker",
        record,
        ready=lambda: bool(noted(record, "inner")),
        alive=lambda: False,
        alive_every=0.05,
        alive_misses=2,
        stop_seconds=0.2,
    )
    with Supervisor([stuck], log_dir=tmp_path / "logs", restarts=QUICK, report=reports.append):
        wait_until(lambda: len(noted(record, "inner")) >= 2, seconds=60, what="a replacement")
        assert not runs(noted(record, "inner")[0][1])
    assert ("hung", "did not answer 2 times in a row") in [(news.status, news.detail) for news in reports]


def test_failures_in_a_row_count_until_a_calm_run() -> None:
    restarts = Restarts()
    assert [restarts.failures(3, ran) for ran in (0.0, 60.0, 60.1)] == [4, 4, 1]
    assert [restarts.backoff.pause(failures) for failures in (1, 2, 7, 10_000)] == [0.5, 1, 30, 30]


def test_a_service_that_runs_once_must_succeed_before_the_next_starts(tmp_path: Path, record: Path) -> None:
    migrate = Service(
        "migrate", (sys.executable, "-c", "print('schema: too old'); raise SystemExit(3)"), once=True
    )
    services = [ready_after(record, "broker"), migrate, ready_after(record, "api")]
    with pytest.raises(ServiceFailed, match=r"migrate: ended with exit code 3(.|\n)*schema: too old"):
        Supervisor(services, log_dir=tmp_path / "logs").start()
    assert [name for name, _ in noted(record, "start")] == ["broker"]


def test_a_service_that_ran_once_is_left_alone(tmp_path: Path, record: Path) -> None:
    reports: list[Report] = []
    migrate = Service("migrate", (sys.executable, "-c", ""), once=True)
    services = [migrate, ready_after(record, "api")]
    with Supervisor(services, log_dir=tmp_path / "logs", report=reports.append) as supervisor:
        assert list(supervisor.pids()) == ["api"]
    told = [(news.service, news.status) for news in reports]
    assert told[:4] == [("migrate", "starting"), ("migrate", "done"), ("api", "starting"), ("api", "ready")]


def test_a_service_that_is_not_ready_in_time_is_named(tmp_path: Path, record: Path) -> None:
    slow = program(STEADY, "api", record, ready=lambda: False, ready_seconds=0.3)
    with pytest.raises(ServiceFailed, match=r"api: was not ready within 0\.3 s"):
        Supervisor([slow], log_dir=tmp_path / "logs").start()


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceFailed, match=r"broker: cannot be started: .*no-such-program"):
        Supervisor([Service("broker", ("/no-such-program",))], log_dir=tmp_path / "logs").start()


def test_output_goes_to_a_log_of_its_own(tmp_path: Path) -> None:
    loud = Service("api", (sys.executable, "-c", "print('hello from the api')"), once=True)
    with Supervisor([loud], log_dir=tmp_path / "logs"):
        pass
    assert "hello from the api" in (tmp_path / "logs" / "api.log").read_text()


def test_where_the_log_has_no_room_a_service_runs_all_the_same(
    tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(FileIO):
        def write(self, text: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(child, "_open_log", lambda path: Full(path, "ab"))
    with Supervisor([ready_after(record, "worker")], log_dir=tmp_path / "logs") as supervisor:
        assert noted(record, "start") == [("worker", supervisor.pids()["worker"])]
