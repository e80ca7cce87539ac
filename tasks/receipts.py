"""Tasks that report how other people's tasks ended: Celery's `link` and `link_error` of every effect.

A worker that imports nothing of ours sends them by name, and needs no result backend. Of a failure such a
worker passes on the task's id alone, so the cause stands in its log and not in the receipt.
"""

from __future__ import annotations

from typing import Any

from tasks.app import app
from tasks.pool.process import here
from tasks.transport import kept_until_stored
from workflow.broker.task_names import FAILED, SUCCEEDED
from workflow.outbox.receipts import TaskOutcome, record

_OPTIONS: dict[str, Any] = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "Request": "tasks.requests:ReceiptRequest",
    # As many as tasks of others: three events for each cost more than the receipt itself. Flower shows the
    # tasks, and `GET /v1/effects` what became of them.
    "send_events": False,
}


@app.task(name=SUCCEEDED, **_OPTIONS)
@kept_until_stored
def succeeded(result: Any, key: str) -> str:
    """A task returned `result` for the effect with this key."""
    return _record(key, TaskOutcome.SUCCEEDED, {"result": result})


@app.task(name=FAILED, **_OPTIONS)
@kept_until_stored
def failed(task_id: str, key: str) -> str:
    """A task failed for good."""
    return _record(
        key,
        TaskOutcome.FAILED,
        {"error": f"the task failed; the log of its worker says why (task {task_id})"},
    )


def _record(key: str, outcome: TaskOutcome, said: dict[str, Any]) -> str:
    process = here(app)
    recorded = record(process.runtime.engine, key, outcome, said)
    if recorded.event:
        process.broker.wake_apply([recorded.subject])
    return recorded.subject
