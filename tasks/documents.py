"""The task that writes service alerts, for cases that ask for it when they are documented."""

from __future__ import annotations

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk, decide_beside
from tasks.pool.process import here
from tasks.row_ids import are_rows
from tasks.transport import kept_until_stored
from tasks.written_documents import write_documents
from workflow.broker.task_names import WRITE
from workflow.outbox import effects as outbox


@app.task(name=WRITE, acks_late=True, reject_on_worker_lost=True)
@kept_until_stored
def write(ids: list[int], token: str) -> dict[str, int]:
    """Write the alerts that the effects with these outbox ids ask for, if this token still holds them.

    Each is of its case up to the decision that asked. The receipt of each effect has `case`, `version` and
    `alert`, the path under which it can be read; of one that cannot be written its dead letter says why.
    """
    if not are_rows(ids) or not isinstance(token, str):
        raise ValueError("ids: a list of outbox ids is expected, with their token")
    process = here(app)
    decide_before_bulk(process)
    asked = outbox.published_under(process.runtime.store, ids, token, WRITE)
    with decide_beside(process):
        recorded = write_documents(process.runtime, [asked[one] for one in ids if one in asked])
    wait = [one.subject for one in recorded if one.event]
    if wait:
        process.broker.wake_apply(wait)
    return {"documents": len(recorded)}
