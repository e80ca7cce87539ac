"""Delivery: notices handed to channels one by one, each claimed right before and settled right after.

No database connection is held while a channel is asked. A worker killed in between leaves one notice whose
outcome is unknown, never a batch of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from tasks.channels.port import Channel, Notice, OutcomeUnknown, Rejected, Retry
from tasks.contact_hours import wait_for
from workflow import outbox
from workflow.clock import monotonic
from workflow.runtime import Runtime
from workflow.store.port import EffectRow

_SHARE_OF_LEASE = 0.3

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
        """Deliver the notices still claimed under `token`, within a share of the lease.

        A notice that another message has taken over is passed by.
        """
        runtime = self._runtime
        deadline = monotonic() + runtime.settings.lease_seconds * _SHARE_OF_LEASE
        lease = runtime.clock.real(runtime.settings.lease_seconds)
        taken = 0
        for place, one in enumerate(ids):
            if monotonic() > deadline:
                return Delivered(taken, tuple(ids[place:]))
            for row in outbox.begin(runtime.store, [one], token, runtime.clock.now(), lease):
                self._deliver(row)
                taken += 1
        return Delivered(taken, ())

    def _deliver(self, row: EffectRow) -> None:
        store, clock = self._runtime.store, self._runtime.clock
        notice, held = Notice.of(row), outbox.Hold.sending(row)
        try:
            wait = wait_for(notice, clock.now())
            if wait is not None:
                outbox.defer(store, [(row.id, wait.until, wait.reason)], held)
                return
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
            outbox.settle(store, [(row.id, receipt.to_json())], clock.now())

    def _channel(self, notice: Notice) -> Channel:
        channel = self._channels.get(notice.channel)
        if channel is None:
            raise Rejected(f"channel: nothing here carries {notice.channel!r} [no-channel]")
        return channel
