"""Delivery: notices handed to channels one by one, each claimed right before it goes.

Each is settled in the transaction that claims the next: one commit a notice. No database connection is held
while a channel is asked. A worker killed in between leaves one notice whose outcome is unknown, never more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from tasks.channels.port import Channel, Notice, OutcomeUnknown, Rejected, Retry
from tasks.contact_hours import wait_for
from workflow import outbox
from workflow.clock import monotonic
from workflow.relay import SLICE
from workflow.runtime import Runtime
from workflow.store.port import EffectRow

_SHARE_OF_LEASE = 0.3
_Gone = tuple[int, Mapping[str, Any]]
"""The id of an effect that went out, and its receipt."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a run did: notices taken over, and the outbox ids there was no time for."""

    taken: int
    left: tuple[int, ...]


class Delivery:
    """Carries notices of one store over its channels."""

    def __init__(self, runtime: Runtime, channels: Mapping[str, Channel]) -> None:
        self._runtime = runtime
        self._channels = channels

    def run(self, ids: Sequence[int], token: str) -> Delivered:
        """Deliver the notices still claimed under `token`, for about `SLICE` seconds: bulk goes in slices.

        A notice that another message has taken over is passed by.
        """
        store, clock = self._runtime.store, self._runtime.clock
        seconds = self._runtime.settings.lease_seconds
        deadline = monotonic() + min(SLICE, seconds * _SHARE_OF_LEASE)
        lease, taken = clock.real(seconds), 0
        mine = outbox.held_under(store, ids, token)
        gone: list[_Gone] = []
        try:
            for place, one in enumerate(mine):
                if monotonic() > deadline:
                    return Delivered(taken, tuple(mine[place:]))
                rows = outbox.begin(store, [one], token, clock.now(), lease, gone)
                gone = []
                for row in rows:
                    gone = self._deliver(row)
                    taken += 1
        finally:
            if gone:
                outbox.settle(store, gone, clock.now())
        return Delivered(taken, ())

    def _deliver(self, row: EffectRow) -> list[_Gone]:
        """The receipt, to be settled before another is begun; whatever else became of it is written down."""
        store, clock = self._runtime.store, self._runtime.clock
        notice, held = Notice.of(row), outbox.Hold.sending(row)
        try:
            wait = wait_for(notice, clock.now())
            if wait is not None:
                outbox.defer(store, [(row.id, wait.until, wait.reason)], held)
                return []
            receipt = self._channel(notice).send(notice, row.key)
        except Retry as error:
            outbox.retry(store, [(row.id, str(error))], clock.now(), clock, self._runtime.retries, held)
        except Rejected as error:
            outbox.bury(store, [(row.id, str(error))], held)
        except OutcomeUnknown as error:
            outbox.unknown(store, [(row.id, str(error))], held)
        except Exception as error:
            # A fault of the adapter or a time limit: it may have happened after the message had gone.
            log.exception("a channel failed", channel=notice.channel, effect=row.key)
            reason = f"{type(error).__name__} in the channel {notice.channel!r}"
            outbox.unknown(store, [(row.id, reason)], held)
        else:
            return [(row.id, receipt.to_json())]
        return []

    def _channel(self, notice: Notice) -> Channel:
        channel = self._channels.get(notice.channel)
        if channel is None:
            raise Rejected(f"channel: nothing here carries {notice.channel!r} [no-channel]")
        return channel
