"""Tasks about events: decide those that were accepted; accept those that colleagues send over the broker."""

from __future__ import annotations

from typing import Any

from tasks.app import app
from tasks.pool.process import here
from tasks.pool.run_loop import TaskResult, decide_and_listen
from tasks.transport import EventsRefused, kept_until_stored
from workflow.broker.sender import sender_over_broker
from workflow.broker.task_names import ACCEPT, APPLY, KEY_HEADER
from workflow.engine.decoded_events import accept_decoded
from workflow.errors import InvalidEvent
from workflow.telemetry.trace_context import HEADER, STATE, trace_of, within


@app.task(name=APPLY)
def apply() -> TaskResult:
    """Decide accepted events and whatever timers are due, publish what that asks for, listen for more."""
    return decide_and_listen(here(app), APPLY)


@app.task(
    name=ACCEPT, bind=True, acks_late=True, reject_on_worker_lost=True, Request="tasks.requests:EventsRequest"
)
@kept_until_stored
def accept(self: Any, events: list[dict[str, Any]]) -> dict[str, int]:
    """Accept CloudEvents (structured JSON objects), all or none. Raises EventsRefused, which names the rules.

    The message carries an API key in its header `makegood-key`, and may bring what that key permits.

    The same event again is a duplicate, so sending them twice does no harm. Another event under a known
    `source` and `id` is refused.
    """
    process, said = here(app), self.request.headers or {}
    try:
        holder = sender_over_broker(process.runtime, said.get(KEY_HEADER))
        with within(trace_of(said.get(HEADER), said.get(STATE))):
            answers = accept_decoded(process.runtime.engine, events, holder)
    except InvalidEvent as error:
        raise EventsRefused(error.problems) from None
    process.broker.wake_apply([answer.subject for answer in answers])
    return {"accepted": sum(answer.status == "accepted" for answer in answers), "events": len(answers)}
