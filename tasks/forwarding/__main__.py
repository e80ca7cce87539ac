"""The forwarder's process, which a scheduler starts: `python -m tasks.forwarding PARENT`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tasks.forwarding.forwarder import Forwarder
from workflow.clock import monotonic
from workflow.settings import read_settings
from workflow.store import open_store
from workflow.store.purpose import claim
from workflow.store.shared_time import clock_over
from workflow.subscriptions.turns import are_active
from workflow.telemetry import logs, tracing

LINGER_SECONDS = 60.0
"""It ends by itself when there has been no active subscription for so long."""
_LOOK_SECONDS = 5.0


def main(parent: int) -> None:
    """Serve until the parent is gone."""
    settings = read_settings()
    logs.configure(settings.log_level)
    tracing.configure("forwarder")
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the worker alone
    store = open_store(settings.database)
    clock = clock_over(store.time, settings.clock)
    claim(store, clock)
    looked = needed = monotonic()

    def over() -> bool:
        nonlocal looked, needed
        if told or os.getppid() != parent:
            return True
        if monotonic() - looked > _LOOK_SECONDS:
            looked = monotonic()
            needed = looked if are_active(store) else needed
        return monotonic() - needed > LINGER_SECONDS

    try:
        asyncio.run(Forwarder(store, clock, settings).run(over))
    finally:
        store.close()
        tracing.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
