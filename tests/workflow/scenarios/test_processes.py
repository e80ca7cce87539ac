"""Several processes that play: what becomes of them, of their files, and of what they could not do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tests.workflow.scenarios.files import write_scenarios
from workflow.errors import StoreError
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.running import RunOptions, run

ROOT = Path(__file__).parents[3]


def test_a_store_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    scenarios = read_scenarios([write_scenarios(tmp_path)])
    options = RunOptions("postgresql", "postgresql://127.0.0.1:1/nothing", jobs=2)
    with pytest.raises(StoreError, match="MAKEGOOD_DATABASE_URL: create database: "):
        list(run(scenarios, options))


def test_a_scenario_tells_the_same_story_whatever_was_played_before_on_its_store(postgres_url: str) -> None:
    scenarios = read_scenarios([ROOT / "tests" / "scenarios" / "delivery" / "it_arrives.yaml"])
    told = [one.story for one in run(scenarios * 2, RunOptions("postgresql", postgres_url, jobs=1))]
    on_sqlite = [one.story for one in run(scenarios, RunOptions(jobs=1))]
    assert told == on_sqlite * 2


@pytest.mark.sampled
@pytest.mark.parametrize(("ended_by", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, 2)])
def test_a_run_that_is_ended_leaves_nothing_behind(
    ended_by: signal.Signals, code: int, tmp_path: Path
) -> None:
    """Ctrl-C goes to all of its processes, kill -9 to one of those that play."""
    scenarios = write_scenarios(tmp_path)
    rows = "".join("  - {customer: cat}\n" for _ in range(190))
    file = scenarios / "back.yaml"
    file.write_text(file.read_text().replace("rows:\n", f"rows:\n{rows}"))
    said = tmp_path / "said"
    with tempfile.TemporaryDirectory() as temporary, said.open("w") as output:
        command = [sys.executable, "-m", "workflow.cli", "test", str(scenarios), "--jobs", "2"]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, "TMPDIR": temporary},
        )  # fmt: skip
        try:
            wait_until(lambda: "✓" in said.read_text(), seconds=60, what="a scenario that was played")
            if ended_by is signal.SIGINT:
                os.killpg(process.pid, ended_by)
            else:
                os.kill(players(process.pid)[0], ended_by)
            assert process.wait(60) == code, said.read_text()
        finally:
            process.kill()
        assert list(Path(temporary).iterdir()) == []
    assert "Traceback" not in said.read_text()
    assert ("was killed" in said.read_text()) == (ended_by is signal.SIGKILL)


def players(pid: int) -> list[int]:
    """The processes that play: children of the one from which they are forked."""
    return [two for one in children(pid) for two in children(one)]


def children(pid: int) -> list[int]:
    """Those of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for task in tasks for one in task.read_text().split()]
