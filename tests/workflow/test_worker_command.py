"""`makegood worker`: what Celery's worker is told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import typer
from celery import Celery
from typer.testing import CliRunner

from workflow.broker.task_names import IDLE_QUEUE, QUEUES
from workflow.cli import worker as worker_command

app = typer.Typer()
app.command()(worker_command.worker)


class Recorded:
    """Celery's worker, as far as it is started: what it was told."""

    exitcode = 0
    told: ClassVar[dict[str, Any]] = {}

    def __init__(self, **told: Any) -> None:
        Recorded.told = told

    def start(self) -> None:
        """Nothing."""


Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What Celery's worker is told by `makegood worker` with these arguments."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    celery = Celery(broker="memory://", set_as_current=False)
    celery.Worker = Recorded
    module = SimpleNamespace(app=celery)
    monkeypatch.setattr(worker_command, "import_module", lambda name: module)

    def run(*arguments: str) -> dict[str, Any]:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return Recorded.told

    return run


@pytest.mark.parametrize("option", ["--scheduler-only", "--clock-only"])
def test_a_scheduler_alone_consumes_nothing_under_either_name(told: Told, option: str) -> None:
    found = told(option, "--name", "alone")
    assert (found["pool"], found["queues"]) == ("solo", [IDLE_QUEUE])
    assert found["hostname"].startswith("alone@")


def test_a_worker_consumes_all_queues_of_ours(told: Told) -> None:
    found = told("--concurrency", "3")
    assert (found["pool"], found["concurrency"]) == ("prefork", 3)
    assert found["queues"] == QUEUES.split(",")


def test_only_the_new_name_is_shown() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert "--scheduler-only" in shown
    assert "--clock-only" not in shown
