"""Scenarios are played again when a file changes; a wrong file does not end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.waiting import wait_until
from tests.workflow.scenarios.files import BACK, replace, write_scenarios

ROOT = Path(__file__).parents[3]
WATCHING = "ctrl-C ends it"
GENEROUS = 90


class Watched:
    """`makegood test --watch` in a process of its own, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self._process = process
        self._said = said
        self._read = 0

    def says(self, words: str) -> str:
        """Wait until it says this; what it said since this was asked last."""
        fresh = ""

        def there() -> bool:
            nonlocal fresh
            fresh = self._said.read_text()[self._read :]
            return words in fresh

        wait_until(there, seconds=GENEROUS, what=repr(words), seen=lambda: (self._process.poll(), fresh))
        self._read += len(fresh)
        return fresh

    def ends(self) -> int:
        """Press ctrl-C; its exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(GENEROUS)


@contextmanager
def watching(folder: Path, *words: str) -> Iterator[Watched]:
    """The command, in the folder in which `scenarios` is."""
    said = folder / "said.txt"
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "test", "--watch", "--jobs", "1", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Watched(process, said)
    finally:
        process.kill()
        process.wait()


def test_whatever_a_changed_file_concerns_is_played_again_until_ctrl_c(tmp_path: Path) -> None:
    scenarios = write_scenarios(tmp_path)
    with watching(tmp_path, "--junit", "out.xml") as watched:
        assert "3 went well" in watched.says(WATCHING)

        replace(scenarios / "due.yaml", "loan:1: overdue", "loan:1: lost")
        said = watched.says(WATCHING)
        assert "scenarios/due.yaml changed" in said and "1 failed, 0 went well" in said

        replace(scenarios / "due.yaml", "send:", "sent:")
        watched.says("[unknown-field]")
        replace(scenarios / "due.yaml", "sent:", "send:")
        assert "1 failed, 0 went well" in watched.says(WATCHING)

        replace(scenarios / "lifecycles" / "loan.yaml", "on_timeout: due", "on_timeout: lose")
        said = watched.says(WATCHING)
        assert "scenarios/lifecycles/loan.yaml changed" in said and "3 went well" in said

        (scenarios / "new").mkdir()
        (scenarios / "new" / "back.yaml").write_text(BACK.replace("lifecycles/", "../lifecycles/"))
        said = watched.says(WATCHING)
        assert "2 went well" in said and "scenarios/new/back.yaml[1]" in said

        assert watched.ends() == 0
    results = ET.parse(tmp_path / "out.xml").getroot()  # the newest of each
    assert (results.get("tests"), results.get("failures")) == ("5", "0")


@pytest.mark.exhaustive
def test_what_was_not_taken_is_told_anew_when_the_exceptions_change(tmp_path: Path) -> None:
    scenarios = write_scenarios(tmp_path)
    with watching(tmp_path, "--coverage") as watched:
        assert "    state repaired  scenarios" in watched.says(WATCHING)
        (scenarios / "coverage-exceptions.yaml").write_text(
            "loan: {state repaired: nothing of ours breaks}\n"
        )
        said = watched.says("not taken by any scenario")
        assert "    state repaired  scenarios" not in said and "went well" not in said
