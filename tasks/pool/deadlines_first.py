"""Deadlines before bulk: what a process does before it relays effects, and beside long work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tasks.pool.process import Process
from tasks.pool.run_loop import RunLoop
from tasks.pool.slots import Slots, of_this_pool
from workflow.broker.task_names import FIRE
from workflow.engine.transient_errors import described

_SOON = 0.05
"""Seconds of work after which deadlines are decided beside it; shorter ones just wait for its end."""
_LOOK = 0.02
"""Between two looks for a free slot."""

log = structlog.get_logger(__name__)


def decide_before_bulk(process: Process) -> None:
    """Decide events and due timers while they are piled up; what flows is left to those that listen."""
    loop = RunLoop(process, FIRE)
    loop.help_if_piled()
    loop.finish()


@contextmanager
def decide_beside(process: Process) -> Iterator[None]:
    """Have a thread decide what comes while this one works, so that all of a pool may send or write.

    It listens while one of the pool's slots for that is free: where others listen, it is not needed until one
    of them has something else to do. Where no process can listen, nothing is decided meanwhile.
    """
    slots = of_this_pool(process.runtime.settings)
    if slots is None:
        yield
        return
    over = Event()
    thread = Thread(target=_listen, args=(process, slots, over), name="makegood-decide", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _listen(process: Process, slots: Slots, over: Event) -> None:
    """Listen until it is over, whenever there is a slot for it; while there is none, be ready to relieve."""
    pause = _SOON
    while not over.wait(pause):
        pause = _LOOK
        slot = _slot_or_end(slots, over)
        if slot is None:
            return
        loop = RunLoop(process, FIRE)
        try:
            if loop.listen(None, over.is_set):
                loop.call(process.broker.wake)
            loop.finish()
        except SQLAlchemyError as error:  # it is away, or takes no writes: others decide what waits
            log.error("nothing is decided beside the work", error=described(error))
            return
        except Exception:
            log.exception("nothing is decided beside the work")
            return
        finally:
            slots.release(slot)
        if not loop.can_listen:
            return


def _slot_or_end(slots: Slots, over: Event) -> int | None:
    """A slot for listening, once there is one; None when it is over."""
    slot = slots.acquire(slots.for_listening)
    if slot is not None:
        return slot
    ready = slots.acquire(slots.for_relieving)
    try:
        while slot is None and not over.wait(_LOOK):
            slot = slots.acquire(slots.for_listening)
        return slot
    finally:
        if ready is not None:
            slots.release(ready)
