"""The task that writes service alerts, for a case that asks for it when it is documented."""

from __future__ import annotations

from typing import Any

from celery import Task

from tasks.app import app
from tasks.pool.process import here
from tasks.transport import kept_until_stored
from workflow.broker.task_names import EFFECT_HEADER, WRITE
from workflow.errors import NotFound
from workflow.outbox.effects import is_asked_for
from workflow.recovery.archive.writing import write_alert


@app.task(name=WRITE, bind=True, acks_late=True, reject_on_worker_lost=True)
@kept_until_stored
def write(self: Task, case: str) -> dict[str, Any]:
    """Write the alert of a case, up to the decision whose effect this is; a second time changes nothing.

    The receipt is `case`, `version` and `alert`, the path under which it can be read. Raises NotFound when no
    decision has asked for it, whoever sent the message.
    """
    runtime = here(app).runtime
    effect: Any = (self.request.headers or {}).get(EFFECT_HEADER)
    if not is_asked_for(runtime.store, effect, WRITE):
        raise NotFound("effect: no decision has asked for this document")
    return write_alert(runtime.store, runtime.registry, effect).to_json()
