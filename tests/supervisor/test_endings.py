"""However a supervisor ends, ctrl-C, SIGTERM or SIGKILL, nothing that it started stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supervisor.programs import noted, runs
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]

SUPERVISE = """
import sys
from pathlib import Path
from tests.supervisor.programs import STEADY, STUBBORN, noted, program
from workflow.supervisor.supervisor import Supervisor
record, logs, patience = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
services = [
    program(STEADY, "broker", record),
    program(STUBBORN, "worker", record, ready=lambda: bool(noted(record, "inner")), stop_seconds=patience),
    program(STEADY, "api", record, ready=lambda: "api" in dict(noted(record, "start"))),
]
Supervisor(services, log_dir=logs, orphan_seconds=0.5).run(started=lambda: record.with_name("up").touch())
"""


def supervise(directory: Path, stop_seconds: float) -> subprocess.Popen[bytes]:
    """A supervisor process over three services, one of them deaf to SIGTERM; returns once all are ready."""
    arguments = [str(directory / "record"), str(directory / "logs"), str(stop_seconds)]
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, *arguments], cwd=ROOT, start_new_session=True
    )
    wait_until(
        lambda: (directory / "up").exists() or process.poll() is not None,
        seconds=60,
        what="all services to be ready",
    )
    assert process.poll() is None
    return process


def pids(directory: Path) -> list[int]:
    """Every process that the services noted: their own, and the child of the deaf one."""
    record = directory / "record"
    return [pid for what in ("start", "inner") for _, pid in noted(record, what)]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Where one supervisor works; nothing may be running from it afterwards."""
    yield tmp_path
    assert [pid for pid in pids(tmp_path) if runs(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(directory: Path, number: signal.Signals) -> None:
    process = supervise(directory, stop_seconds=0.3)
    process.send_signal(number)
    assert process.wait(timeout=20) == 0
    assert [name for name, _ in noted(directory / "record", "end")] == ["api", "broker"]


def test_a_second_ctrl_c_does_not_wait(directory: Path) -> None:
    process = supervise(directory, stop_seconds=600)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: noted(directory / "record", "end"), seconds=60, what="the first service to end")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


def test_a_killed_supervisor_leaves_no_orphans(directory: Path) -> None:
    process = supervise(directory, stop_seconds=600)
    process.kill()
    process.wait(timeout=20)
    wait_until(
        lambda: not any(runs(pid) for pid in pids(directory)),
        seconds=60,
        what="the guard to end what is left",
    )
