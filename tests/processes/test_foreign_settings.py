"""Effects carried out by other people's workers, whatever their own Celery settings: the receipt comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.installation import Installation
from tests.servers import ValkeyServer
from tests.servers.started import started

ERRAND = """
edition: 2
lifecycle: errand
version: 1
data:
  well: {type: boolean, required: true}
  result: {type: text}
  error: {type: text}
triggers:
  ask: {data: {well: required}}
  ran: {data: {result: required}}
  not_run: {data: {error: required}}
states:
  - name: asked
    on_enter: {task: {name: depot.run, queue: depot, args: [=data.well], succeeded: ran, failed: not_run}}
  - {name: ran, final: true}
  - {name: failed, final: true}
transitions:
  - {trigger: ask, source: initial, dest: asked, change: {copy: well}}
  - {trigger: ran, source: asked, dest: ran, change: {copy: result}}
  - {trigger: not_run, source: asked, dest: failed, change: {copy: error}}
"""

DEPOT = """
import os

from celery import Celery
from kombu import Exchange, Queue

app = Celery("depot", broker=os.environ["BROKER"])
{settings}


@app.task(name="depot.run")
def run(well):
    with open("calls", "a") as calls:
        print(well, file=calls)
    if not well:
        raise ValueError("out of stock")
    return "done"
"""
SETTINGS = {
    "pickle": 'app.conf.update(task_serializer="pickle", accept_content=["json", "pickle"])',
    "yaml": 'app.conf.update(task_serializer="yaml", accept_content=["json", "yaml"])',
    "queues-of-its-own-alone": (
        'app.conf.update(task_create_missing_queues=False, task_queues=[Queue("depot")])'
    ),
    "default-queue-alone": (
        'app.conf.update(task_create_missing_queues=False, task_default_queue="depot", '
        'task_default_exchange_type="topic", task_default_routing_key="depot.#")'
    ),
    "first-protocol": "app.conf.update(task_protocol=1)",
    "routes": 'app.conf.update(task_routes={"*": {"queue": "elsewhere", "serializer": "pickle"}})',
    "topic-exchange": 'app.conf.update(task_queues=[Queue("depot", Exchange("depot", "topic"), "depot.#")])',
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One worker of ours for all of theirs, one after the other: it is theirs that differ."""
    directory = tmp_path_factory.mktemp("ours")
    lifecycles = written(directory / "lifecycles", "errand.yaml", ERRAND)
    with (
        started(ValkeyServer, directory) as server,
        Installation(directory, server, f"sqlite:///{directory / 'makegood.db'}") as installation,
    ):
        installation.configure(lifecycles=lifecycles)
        installation.workers.start("--concurrency", "1").wait_ready()
        yield installation


@pytest.mark.sampled
@pytest.mark.parametrize("settings", list(SETTINGS))
def test_a_task_runs_once_and_its_receipt_moves_its_subject(
    installation: Installation, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C_FORCE_ROOT", "1")  # Celery lets no superuser read pickle else
    folder = written(tmp_path / "elsewhere", "depot.py", depot(SETTINGS[settings]))
    well, ill = f"errand:well-{settings}", f"errand:ill-{settings}"
    theirs = installation.workers.start_foreign(folder, "depot", "depot")
    try:
        theirs.wait_ready()
        installation.send(
            installation.event("errand.ask", well, {"well": True}),
            installation.event("errand.ask", ill, {"well": False}),
        )
        installation.wait(lambda: installation.state(well) == "ran", what="the receipt of a success")
        installation.wait(lambda: installation.state(ill) == "failed", what="that of a failure")
    finally:
        theirs.kill_group()
    assert installation.data(well)["result"] == "done"
    assert sorted((folder / "calls").read_text().split()) == ["False", "True"]
    effects = [one for one in installation.effects() if one.key.startswith((f"{well}/", f"{ill}/"))]
    assert [(one.state, one.attempts) for one in effects] == [("settled", 1)] * 2


def depot(settings: str) -> str:
    """The other code base, with settings of its own."""
    return DEPOT.format(settings=settings)


def written(folder: Path, name: str, text: str) -> Path:
    """A folder with one file."""
    folder.mkdir()
    (folder / name).write_text(text)
    return folder
