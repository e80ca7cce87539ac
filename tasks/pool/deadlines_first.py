"""Deadlines before bulk: what a process does before it relays effects or sends notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.pool.process import Process
from tasks.pool.run_loop import RunLoop
from tasks.pool.slots import of_this_pool
from workflow.broker.task_names import FIRE


def decide_before_bulk(process: Process) -> None:
    """Decide events and due timers while there are many at a time; few are left to listeners."""
    loop = RunLoop(process, FIRE)
    loop.help_with_deadlines()
    loop.finish()


@contextmanager
def sending_slot(process: Process, seconds: float) -> Iterator[bool]:
    """Hold one of the pool's slots for sending notices; False when none got free within `seconds`.

    All processes of a pool but one may send, so that one is left for deadlines. While it waits for a slot, a
    process decides what comes. Where no process can listen, each may send.
    """
    slots = of_this_pool(process.runtime.settings)
    if slots is None:
        yield True
        return
    held: list[int] = []

    def found() -> bool:
        slot = slots.acquire(slots.for_sending)
        held.extend([] if slot is None else [slot])
        return bool(held)

    try:
        could_wait = True
        if not found():
            loop = RunLoop(process, FIRE, seconds)
            if loop.listen(None, found):
                loop.call(process.broker.wake)
            loop.finish()
            could_wait = loop.can_listen
        yield bool(held) or not could_wait
    finally:
        for slot in held:
            slots.release(slot)
