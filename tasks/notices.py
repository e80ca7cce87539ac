"""The task that sends notices."""

from __future__ import annotations

import structlog

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk, decide_beside
from tasks.pool.process import here
from tasks.row_ids import are_rows
from workflow.broker.task_names import SEND
from workflow.errors import BrokerUnreachable

log = structlog.get_logger(__name__)


@app.task(name=SEND)
def send(ids: list[int], token: str) -> dict[str, int]:
    """Send the notices with these outbox ids that are still claimed under this token, for a bounded time."""
    if not are_rows(ids) or not isinstance(token, str):
        raise ValueError("ids: a list of outbox ids is expected, with their token")
    process = here(app)
    decide_before_bulk(process)
    with decide_beside(process):
        sent = process.notice_sender.run(ids, token)
    if sent.left:
        try:
            process.broker.send_notices(sent.left, token, [])
        except BrokerUnreachable as error:
            log.warning("notices wait for their lease to end", notices=len(sent.left), error=str(error))
    return {"taken": sent.taken, "left": len(sent.left)}
