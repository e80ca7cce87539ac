"""What one process of a worker works with: built there, never at import, never shared over a fork."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

from workflow.broker.client import Broker
from workflow.engine.runtime import Runtime
from workflow.engine.transient_errors import count_as_transient
from workflow.engine.turns import RunSummary, decide_all
from workflow.maintenance.backlog import is_piled
from workflow.outbox.receipt_signatures import ReceiptSignatures
from workflow.outbox.relay import Relay
from workflow.recovery.runtime import open_runtime
from workflow.settings import read_settings
from workflow.supervisor.interpreter import collect_seldom
from workflow.telemetry import tracing

if TYPE_CHECKING:
    from tasks.channels.port import Channel
    from tasks.sending.sender import NoticeSender

_LATE = timedelta(milliseconds=100)
"""A deadline that is later waits for more than the batch which is being decided."""


@dataclass(frozen=True)
class Process:
    """A runtime and the ways out of it."""

    runtime: Runtime
    broker: Broker
    channels: Mapping[str, Channel]

    @cached_property
    def relay(self) -> Relay:
        """Puts effects on the broker."""
        return Relay(self.runtime, self.broker)

    @cached_property
    def receipts(self) -> ReceiptSignatures:
        """Tells receipts that we asked for from others."""
        return ReceiptSignatures(self.runtime.store, self.runtime.clock)

    @cached_property
    def notice_sender(self) -> NoticeSender:
        """Hands notices to channels."""
        from tasks.sending.sender import NoticeSender  # the scheduler sends none and starts sooner

        return NoticeSender(self.runtime, self.channels)

    def decide(self) -> RunSummary:
        """Decide whatever waits."""
        return decide_all(self.runtime.engine, self.runtime.settings)

    def is_work_piled(self) -> bool:
        """Whether more waits than one process that listens decides in time."""
        runtime = self.runtime
        return is_piled(runtime.store, runtime.clock.now(), runtime.settings.event_batch, _LATE)

    def close(self) -> None:
        """Give all connections back."""
        self.broker.close()
        self.runtime.close()


_here: tuple[int, Process] | None = None


def here(app: Celery) -> Process:
    """This process's own; built with the first call after a fork.

    Raises StoreError, SettingsError or DefinitionError when it cannot be built; the next call tries again.
    """
    global _here
    if _here is None or _here[0] != os.getpid():
        from tasks.channels.table import channels_for

        count_as_transient(SoftTimeLimitExceeded)
        tracing.configure("worker")
        runtime = open_runtime(read_settings())
        broker = Broker(app)
        _here = (os.getpid(), Process(runtime, broker, channels_for(runtime, broker)))
        settle_down()
    return _here[1]


def settle_down() -> None:
    """What is here by now stays: walking it again and again costs a tenth of a batch."""
    gc.collect()
    gc.freeze()
    collect_seldom()


def leave() -> None:
    """Close this process's own, if it has one."""
    global _here
    if _here is not None and _here[0] == os.getpid():
        _here[1].close()
        tracing.shutdown()
    _here = None
