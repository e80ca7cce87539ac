"""How long a worker's tasks took, as it shows it itself."""

from __future__ import annotations

import os
import signal

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.installation import CUSTOMER, Installation
from workflow.broker.task_names import APPLY, SEND
from workflow.embedded.ports import free_port


def shown(port: int) -> dict[tuple[str, str], float]:
    """How many tasks there were, by name and outcome; nothing while nobody answers."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    except httpx.TransportError:
        return {}
    return {
        (sample.labels["task"], sample.labels["outcome"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "makegood_task_seconds_count"
    }


def test_a_worker_shows_how_long_its_tasks_took(sqlite_installation: Installation) -> None:
    port = free_port()
    sqlite_installation.configure(worker_metrics=f"127.0.0.1:{port}")
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=2, customer=CUSTOMER))
    sqlite_installation.wait(lambda: shown(port).get((SEND, "success")), what="a task that sends")
    assert shown(port)[APPLY, "success"] >= 1
    assert not [outcome for _, outcome in shown(port) if outcome == "failure"]

    # The scheduler shows it; another one takes over, and nothing that was counted is gone.
    before = shown(port)
    said = worker.log.read_text()
    pid = int(said.rpartition('"process": ')[2].partition(",")[0])
    os.kill(pid, signal.SIGKILL)
    sqlite_installation.wait(
        lambda: shown(port).get((SEND, "success"), 0) >= before[SEND, "success"], what="it to be shown again"
    )


def test_a_place_that_is_taken_costs_figures_and_no_worker(sqlite_installation: Installation) -> None:
    port = free_port()
    sqlite_installation.configure(worker_metrics=f"127.0.0.1:{port}")
    workers = [sqlite_installation.workers.start("--concurrency", "1") for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=1, customer=CUSTOMER))
    sqlite_installation.wait(sqlite_installation.notices, what="a notice")
    assert sum("no figures of tasks are shown" in worker.log.read_text() for worker in workers) == 1
