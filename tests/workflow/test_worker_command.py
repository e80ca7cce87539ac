"""`makegood worker`: what it is replaced by."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import pytest
import typer
from typer.testing import CliRunner

from workflow.broker.task_names import IDLE_QUEUE, QUEUES
from workflow.cli.worker import worker

app = typer.Typer()
app.command()(worker)


Argv = Callable[..., tuple[str, ...]]


class Replaced(Exception):
    """This process would have become another program."""


@pytest.fixture
def argv_of(monkeypatch: pytest.MonkeyPatch) -> Argv:
    """The command that `makegood worker` with these arguments becomes."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")

    def replaced(program: str, argv: list[str]) -> NoReturn:
        raise Replaced(*argv)

    monkeypatch.setattr(os, "execv", replaced)

    def run(*arguments: str) -> tuple[str, ...]:
        result = CliRunner().invoke(app, arguments)
        assert isinstance(result.exception, Replaced), result.output
        return result.exception.args

    return run


@pytest.mark.parametrize("option", ["--scheduler-only", "--clock-only"])
def test_a_scheduler_alone_consumes_nothing_under_either_name(argv_of: Argv, option: str) -> None:
    argv = argv_of(option, "--name", "alone")
    assert argv[argv.index("--queues") + 1] == IDLE_QUEUE
    assert argv[argv.index("--pool") + 1] == "solo"


def test_a_worker_consumes_all_queues_of_ours(argv_of: Argv) -> None:
    argv = argv_of("--concurrency", "3")
    assert argv[argv.index("--queues") + 1] == QUEUES
    assert argv[argv.index("--concurrency") + 1] == "3"


def test_only_the_new_name_is_shown() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert "--scheduler-only" in shown
    assert "--clock-only" not in shown
