"""The task that sends notices."""

from __future__ import annotations

import structlog

from tasks.app import app
from tasks.pool.process import here
from tasks.pool.shift import deadlines_first, sending_slot
from tasks.sending.sender import SendResult
from workflow.broker.task_names import SEND
from workflow.errors import BrokerUnreachable

_PATIENCE = 0.5
"""Seconds to wait for a seat, standing by."""

log = structlog.get_logger(__name__)


@app.task(name=SEND)
def send(ids: list[int], token: str) -> dict[str, int]:
    """Send the notices with these outbox ids that are still claimed under this token, for a bounded time."""
    process = here(app)
    deadlines_first(process)
    with sending_slot(process, _PATIENCE) as may_send:
        delivered = process.delivery.run(ids, token) if may_send else SendResult(0, tuple(ids))
    if delivered.left:
        try:
            process.broker.send_notices(delivered.left, token, [])
        except BrokerUnreachable as error:
            log.warning("notices wait for their lease to end", notices=len(delivered.left), error=str(error))
    return {"taken": delivered.taken, "left": len(delivered.left)}
