"""The task that writes service alerts, for cases that ask for it when they are documented."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk
from tasks.pool.process import here
from tasks.row_ids import are_rows
from tasks.transport import kept_until_stored
from workflow.broker.task_names import WRITE
from workflow.engine.transient_errors import described, is_transient
from workflow.outbox import effects as outbox
from workflow.outbox.receipts import TaskOutcome, record, record_successes
from workflow.recovery.archive.writing import Written, write_alerts

log = structlog.get_logger(__name__)


@app.task(name=WRITE, acks_late=True, reject_on_worker_lost=True)
@kept_until_stored
def write(ids: list[int], token: str) -> dict[str, int]:
    """Write the alerts that the effects with these outbox ids ask for, if this token still holds them.

    Each is of its case up to the decision that asked. The receipt of each effect has `case`, `version` and
    `alert`, the path under which it can be read. One that cannot be written is a dead letter, and none of the
    others waits for it.
    """
    if not are_rows(ids) or not isinstance(token, str):
        raise ValueError("ids: a list of outbox ids is expected, with their token")
    process = here(app)
    decide_before_bulk(process)
    runtime = process.runtime
    asked = outbox.published_under(runtime.store, ids, token, WRITE)
    written, failed = _written([asked[one] for one in ids if one in asked])
    recorded = record_successes(
        runtime.engine, {effect: {"result": one.to_json()} for effect, one in written.items()}
    )
    for effect, error in failed.items():
        log.error("a document cannot be written", effect=effect, error=error)
        recorded.append(record(runtime.engine, effect, TaskOutcome.FAILED, {"error": error}))
    wait = [one.subject for one in recorded if one.event]
    if wait:
        process.broker.wake_apply(wait)
    return {"written": len(written), "failed": len(failed)}


def _written(effects: list[str]) -> tuple[Mapping[str, Written], Mapping[str, str]]:
    """By the key of its effect, what was written; and why the others cannot be.

    All at once; where that fails, one by one. Raises what another try may help.
    """
    runtime = here(app).runtime
    try:
        return dict(zip(effects, write_alerts(runtime.store, runtime.registry, effects), strict=True)), {}
    except Exception as error:
        if is_transient(error):
            raise
        if len(effects) == 1:
            return {}, {effects[0]: described(error)}
    written: dict[str, Written] = {}
    failed: dict[str, str] = {}
    for effect in effects:
        done, undone = _written([effect])
        written |= done
        failed |= undone
    return written, failed
