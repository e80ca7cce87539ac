"""All that was given up for one cause, tried again or dropped, with an honest count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.clock import monotonic
from workflow.errors import NotFound, NotRetryable
from workflow.maintenance.dead_letters import discard_message, retry_effect, retry_event, retry_timer
from workflow.maintenance.discards import discard_event, discard_timer
from workflow.maintenance.given_up import Cause, GivenUp, with_cause
from workflow.store.port import Store

MOST_AT_ONCE = 100_000
"""That one batch takes."""
_SECONDS = 20.0
"""So long a batch goes on before it says what it has done."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        done: that were retried or dropped. gone: that somebody else had seen to by then.
        left: whether some with this cause are left, because it took too long.
    """

    done: int
    gone: int
    left: bool


def retry_all(store: Store, cause: Cause, now: datetime) -> BatchResult:
    """Have everything with this cause tried again. Raises NotRetryable for messages: nobody can read them."""
    if cause.kind is GivenUp.MESSAGE:
        raise NotRetryable("messages: what cannot be read is not tried again")

    def again(row: Any) -> None:
        if cause.kind is GivenUp.EVENT:
            retry_event(store, row.id)
        elif cause.kind is GivenUp.TIMER:
            retry_timer(store, row.subject, row.name, now)
        else:
            retry_effect(store, row.id, now)

    return _each(store, cause, again)


def drop_all(store: Store, cause: Cause, reason: str, by: str, now: datetime) -> BatchResult:
    """Drop everything with this cause, on the record.

    Raises NotRetryable for effects: whether one happened is said of each.
    """
    if cause.kind is GivenUp.EFFECT:
        raise NotRetryable("effects: say of each that it happened, or have all tried again")

    def drop(row: Any) -> None:
        if cause.kind is GivenUp.EVENT:
            discard_event(store, row.id, reason, by, now)
        elif cause.kind is GivenUp.TIMER:
            discard_timer(store, row.subject, row.name, reason, by, now)
        else:
            discard_message(store, row.id, reason, by, now)

    return _each(store, cause, drop)


def _each(store: Store, cause: Cause, act: Callable[[Any], None]) -> BatchResult:
    """Each by itself: one that cannot be harms no other. What is given up again meanwhile is not taken."""
    begun, done, gone = monotonic(), 0, 0
    with store.connect() as connection:
        rows = connection.execute(with_cause(cause).limit(MOST_AT_ONCE + 1)).all()
    for row in rows[:MOST_AT_ONCE]:
        if monotonic() - begun > _SECONDS:
            return BatchResult(done, gone, left=True)
        try:
            act(row)
            done += 1
        except (NotFound, NotRetryable):
            gone += 1
    return BatchResult(done, gone, left=len(rows) > MOST_AT_ONCE)
