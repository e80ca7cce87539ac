"""Commands whose input is closed, whose output is full, or whose terminal lacks signs: words, no trace."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from workflow.cli.failures import words_of
from workflow.settings import Settings, sqlite_url
from workflow.store import open_store

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "state_machines" / "catalog"


def said(*arguments: str, env: Mapping[str, str] = {}, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command of its own process, and what it said."""
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **env},
        text=True,
        timeout=60,
        stderr=subprocess.PIPE,
        **({"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options),
    )


@pytest.mark.parametrize(
    "arguments", [("route", "list"), ("draw", str(CATALOG / "promise" / "promise.yaml")), ("--help",)]
)
def test_output_without_room_is_said_in_words(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = said(*arguments, stdout=full)
    assert (ended.returncode, ended.stderr) == (1, "makegood: output: No space left on device\n")


def test_a_reader_that_has_seen_enough_is_no_trace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = said("route", "list", stdout=writing)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_signs_that_a_terminal_lacks_are_written_by_their_number() -> None:
    ended = said("draw", str(CATALOG / "promise" / "promise.yaml"), env={"PYTHONIOENCODING": "latin-1"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\u21bb" in ended.stdout


def test_input_that_is_closed_is_empty() -> None:
    def close() -> None:
        os.close(0)

    ended = said(
        "send", "promise.make", "promise:P", "--data", "-", "--key", "k", stdin=None, preexec_fn=close
    )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert ended.stderr.startswith("makegood: ")


def test_a_definition_with_its_words_behind_it_is_of_the_second_edition() -> None:
    ended = said("convert", str(CATALOG / "promise" / "promise.yaml"))
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)


def test_folders_may_be_called_as_they_like(tmp_path: Path) -> None:
    folder = tmp_path / "Jörg's #1 100%20 of what?x=1"
    database = Settings(data_dir=folder).database
    with open_store(database).connect():
        assert (folder / "makegood.db").is_file()
    assert database == sqlite_url(folder / "makegood.db")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "database: it takes no writes: its disk is full (as the driver says it)"),
        ("SQLITE_IOERR_SHMSIZE", "database: its disk is full, or fails (as the driver says it)"),
        ("SQLITE_ERROR", "database: as the driver says it. Is it there, and did `makegood migrate` run?"),
    ],
)
def test_a_command_says_why_nothing_was_written(name: str, words: str) -> None:
    error = sqlite3.OperationalError("as the driver says it")
    error.sqlite_errorname = name
    assert words_of(OperationalError("commit", {}, error)) == words
