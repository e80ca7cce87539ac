"""The task of the relay."""

from __future__ import annotations

import structlog

from tasks.app import app
from tasks.pool.deadlines_first import decide_before_bulk
from tasks.pool.process import here
from tasks.pool.run_loop import TaskResult
from workflow.broker.task_names import RELAY
from workflow.errors import BrokerUnreachable

log = structlog.get_logger(__name__)


@app.task(name=RELAY)
def relay() -> TaskResult:
    """Put due effects on the broker, for a bounded time; what is left is for the next message."""
    process = here(app)
    decide_before_bulk(process)
    relayed = process.relay.run()
    if relayed.more:
        try:
            process.broker.go(RELAY, relayed.subjects)
        except BrokerUnreachable as error:
            log.warning("a scheduler asks for the rest", error=str(error))
    return {"decided": 0, "published": relayed.published, "subjects": list(relayed.subjects)}
