"""The task that sends notices."""

from __future__ import annotations

import structlog

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk, sending_slot
from tasks.pool.process import here
from tasks.sending.sender import SendResult
from workflow.broker.task_names import SEND
from workflow.errors import BrokerUnreachable

_PATIENCE = 0.5
"""Seconds to wait for a slot, deciding what comes meanwhile."""

log = structlog.get_logger(__name__)


@app.task(name=SEND)
def send(ids: list[int], token: str) -> dict[str, int]:
    """Send the notices with these outbox ids that are still claimed under this token, for a bounded time."""
    process = here(app)
    decide_before_bulk(process)
    with sending_slot(process, _PATIENCE) as may_send:
        sent = process.notice_sender.run(ids, token) if may_send else SendResult(0, tuple(ids))
    if sent.left:
        try:
            process.broker.send_notices(sent.left, token, [])
        except BrokerUnreachable as error:
            log.warning("notices wait for their lease to end", notices=len(sent.left), error=str(error))
    return {"taken": sent.taken, "left": len(sent.left)}
