"""Tasks that report how other people's tasks ended: Celery's `link` and `link_error` of every effect.

A worker that imports nothing of ours sends them by name, and needs no result backend. Of a failure such a
worker passes on the task's id alone, so the cause stands in its log and not in the receipt.
"""

from __future__ import annotations

import json
from typing import Any

from tasks.app import app
from tasks.pool.process import here
from tasks.transport import kept_until_stored
from workflow.broker import dead_messages
from workflow.broker.dead_messages import FORGED, UNSIGNED, DeadMessage
from workflow.broker.task_names import FAILED, SOON_QUEUE, SUCCEEDED
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
def succeeded(result: Any, key: str, signature: str = "") -> str:
    """A task returned `result` for the effect with this key; without our own signature nothing happens."""
    if not _is_genuine(SUCCEEDED, (result, key, signature)):
        return ""
    return _record(key, TaskOutcome.SUCCEEDED, {"result": result})


@app.task(name=FAILED, **_OPTIONS)
@kept_until_stored
def failed(task_id: str, key: str, signature: str = "") -> str:
    """A task failed for good; without our own signature nothing happens."""
    if not _is_genuine(FAILED, (task_id, key, signature)):
        return ""
    return _record(
        key,
        TaskOutcome.FAILED,
        {"error": f"the task failed; the log of its worker says why (task {task_id})"},
    )


def _is_genuine(task: str, said: tuple[Any, ...]) -> bool:
    """Whether we asked for this receipt; one that nobody asked for is a dead message.

    One from before receipts were signed is none either. Its effect is sent again or goes to a person, as its
    `repeat` says.
    """
    *_, key, signature = said
    process = here(app)
    if process.receipts.genuine(task, key, signature):
        return True
    reason = FORGED if signature else UNSIGNED
    dead_messages.record(
        process.runtime.store,
        DeadMessage(SOON_QUEUE, reason, json.dumps([task, said]).encode()),
        process.runtime.clock.now(),
    )
    return False


def _record(key: str, outcome: TaskOutcome, said: dict[str, Any]) -> str:
    process = here(app)
    recorded = record(process.runtime.engine, key, outcome, said)
    if recorded.event:
        process.broker.wake_apply([recorded.subject])
    return recorded.subject
