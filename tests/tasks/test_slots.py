"""Slots: so many processes of a pool and no more, released however their holders end."""

from __future__ import annotations

import os
import signal

import pytest

from tasks.pool.slots import Slots


def held_by_a_child(slots: Slots, some: range | None = None) -> int:
    """A forked process that has taken one of the slots for listening, or of these, as one of a pool would."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"1" if slots.acquire(some or slots.for_listening) is not None else b"0")
        signal.pause()
        os._exit(0)
    assert os.read(read, 1) == b"1"
    os.close(read)
    os.close(write)
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_slot_is_one_process_s_until_it_releases_it_or_dies(number: signal.Signals) -> None:
    slots = Slots(2)
    child = held_by_a_child(slots)
    assert slots.acquire(slots.for_listening) is None
    os.kill(child, number)
    os.waitpid(child, 0)
    slot = slots.acquire(slots.for_listening)
    assert slot is not None
    assert slots.acquire(slots.for_listening) is None, "it has it already"
    slots.release(slot)
    assert slots.acquire(slots.for_listening) == slot


def test_a_process_sees_that_another_would_relieve_it() -> None:
    slots = Slots(2)
    assert slots.acquire(slots.for_relieving) is not None
    assert not slots.are_held_elsewhere(slots.for_relieving), "its own is not another's"
    child = held_by_a_child(slots, slots.for_relieving)
    assert slots.are_held_elsewhere(slots.for_relieving)
    assert not slots.are_held_elsewhere(slots.for_listening)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not slots.are_held_elsewhere(slots.for_relieving)


@pytest.mark.parametrize(("processes", "listening"), [(1, 1), (2, 1), (4, 1), (8, 2), (16, 4)])
def test_one_process_in_four_listens(processes: int, listening: int) -> None:
    assert len(Slots(processes).for_listening) == listening


def test_what_its_parent_held_when_it_was_forked_a_process_may_take_once_it_is_free() -> None:
    slots = Slots(2)
    slot = slots.acquire(slots.for_listening)
    assert slot is not None
    go, gone = os.pipe()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(gone)  # so that it ends with its parent, whatever becomes of that
        os.write(write, b"1" if slots.acquire(slots.for_listening) is not None else b"0")
        os.read(go, 1)
        os.write(write, b"1" if slots.acquire(slots.for_listening) is not None else b"0")
        os._exit(0)
    assert os.read(read, 1) == b"0"
    slots.release(slot)
    os.write(gone, b"!")
    assert os.read(read, 1) == b"1"
    os.waitpid(child, 0)
    for one in (go, gone, read, write):
        os.close(one)
