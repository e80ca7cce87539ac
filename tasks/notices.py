"""The task that sends notices."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery import Task

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk, decide_beside
from tasks.pool.process import here
from tasks.row_ids import are_rows
from workflow.broker.task_names import QUEUE, SEND
from workflow.errors import BrokerUnreachable

_FEW = 25
"""So many that are left go on in one message; of more, each half in its own, for two processes."""

log = structlog.get_logger(__name__)


@app.task(name=SEND, bind=True)
def send(self: Task, ids: list[int], token: str) -> dict[str, int]:
    """Send the notices with these outbox ids that are still claimed under this token, for a bounded time.

    What is left goes on by the same queue. Where a channel is slow, it is soon spread over all processes.
    """
    if not are_rows(ids) or not isinstance(token, str):
        raise ValueError("ids: a list of outbox ids is expected, with their token")
    process = here(app)
    decide_before_bulk(process)
    with decide_beside(process):
        sent = process.notice_sender.run(ids, token)
    urgent = (self.request.delivery_info or {}).get("routing_key") == QUEUE
    try:
        for part in _parts(sent.left):
            process.broker.send_notices(part, token, [], urgent=urgent)
    except BrokerUnreachable as error:
        log.warning("notices wait for their lease to end", notices=len(sent.left), error=str(error))
    return {"taken": sent.taken, "left": len(sent.left)}


def _parts(left: Sequence[int]) -> list[Sequence[int]]:
    if len(left) <= _FEW:
        return [left] if left else []
    half = len(left) // 2
    return [left[:half], left[half:]]
