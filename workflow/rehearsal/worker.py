"""What decides and carries out in the rehearsal: one thread of each process of the API.

It needs no broker and no other process. It carries out through a publisher that keeps what it is given, which
is found by name, as Celery finds tasks: they stand on `workflow`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

import structlog

from state_machines.values.instants import earlier
from workflow.clock import monotonic
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.runtime import Runtime
from workflow.engine.transient_errors import described
from workflow.engine.turns import decide_all
from workflow.outbox.due_effects import DUE_EFFECTS
from workflow.outbox.relay import Publisher, Relay
from workflow.rehearsal.emptying import empty_when_due

_MODULE = "tasks.rehearsal"
_LONGEST_WAIT = 30.0
"""Seconds until it looks again by itself: another process may have set a timer that is due earlier."""
_AFTER_ERROR = 5.0

log = structlog.get_logger(__name__)


class RehearsalPublisher(Publisher, Protocol):
    """A publisher that keeps what would have gone out."""

    def sweep(self) -> None:
        """What a scheduler does from time to time."""


class RehearsalWorker:
    """Decides what is accepted and due in the rehearsal, from a thread that starts at once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._publisher = cast(RehearsalPublisher, import_module(_MODULE).RehearsalEffects(runtime))
        self._relay = Relay(runtime, self._publisher)
        self._woken = threading.Event()
        self._ending = False
        self._swept = float("-inf")
        self._thread = threading.Thread(target=self._run, name="makegood-rehearsal", daemon=True)
        self._thread.start()

    def wake(self, task: str, subjects: Sequence[str] = ()) -> bool:
        """Look soon; there is always somebody who listens."""
        self._woken.set()
        return True

    def reachable(self) -> bool:
        """Always: it is in this process."""
        return True

    def listeners(self) -> int:
        """The one thread of this process."""
        return 1

    def close(self) -> None:
        """End, once what is being done is done."""
        self._ending = True
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._ending:
            self._woken.wait(wait)
            self._woken.clear()
            if self._ending:
                return
            try:
                self._carry_on()
                wait = self._seconds_until_due()
            except Exception as error:  # the database may be away for a while; another day it is there
                log.warning("the rehearsal does not get on", error=described(error))
                wait = _AFTER_ERROR

    def _carry_on(self) -> None:
        runtime = self._runtime
        while not self._ending:
            decided = decide_all(runtime.engine, runtime.settings).decided
            if not decided and not self._relay.run().published:
                break
        if monotonic() - self._swept >= runtime.settings.sweep_seconds:
            self._swept = monotonic()
            self._publisher.sweep()
            self._forget_what_is_old()
            self._woken.set()  # what it led to is decided in the next round

    def _forget_what_is_old(self) -> None:
        """Empty it if its day has come."""
        runtime = self._runtime
        if empty_when_due(runtime.store, runtime.settings.rehearsal_days, runtime.clock.now()):
            log.info("the rehearsal was emptied", days=runtime.settings.rehearsal_days)

    def _seconds_until_due(self) -> float:
        store, clock = self._runtime.store, self._runtime.clock
        due = earlier(DUE_TIMERS.next_due(store), DUE_EFFECTS.next_due(store))
        return _LONGEST_WAIT if due is None else min(_LONGEST_WAIT, max(0.05, clock.seconds_until(due)))
