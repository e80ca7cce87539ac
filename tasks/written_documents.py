"""Service alerts that effects ask for: written together, and each effect has its receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from workflow.engine.runtime import Runtime
from workflow.engine.transient_errors import described, is_transient
from workflow.outbox.receipts import Recorded, TaskOutcome, record, record_successes
from workflow.recovery.archive.writing import Written, write_alerts

log = structlog.get_logger(__name__)


def write_documents(runtime: Runtime, effects: Sequence[str]) -> list[Recorded]:
    """Write what these effects ask for, by their idempotency keys; what was recorded of each.

    One that cannot be written is a dead letter that says why, and none of the others waits for it. Raises
    what another try may help.
    """
    written, failed = _written(runtime, effects)
    said = {effect: {"result": one.to_json()} for effect, one in written.items()}
    recorded = record_successes(runtime.engine, said)
    for effect, error in failed.items():
        log.error("a document cannot be written", effect=effect, error=error)
        recorded.append(record(runtime.engine, effect, TaskOutcome.FAILED, {"error": error}))
    return recorded


def _written(runtime: Runtime, effects: Sequence[str]) -> tuple[Mapping[str, Written], Mapping[str, str]]:
    """What was written, all at once or else one by one, and why others cannot be, by the effect's key."""
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
        done, undone = _written(runtime, [effect])
        written |= done
        failed |= undone
    return written, failed
