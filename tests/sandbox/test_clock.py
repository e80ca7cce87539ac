"""A clock for several processes, which stands still until it is moved."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from workflow.clock import SandboxClock, clock_from

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
READ = """
import sys
from datetime import datetime
from pathlib import Path
from workflow.clock import SandboxClock

clock, end = SandboxClock(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
print("reads", flush=True)
seen = [clock.now()]
while seen[-1] < end:
    now = clock.now()
    if now != seen[-1]:
        seen.append(now)
print("backwards" if seen != sorted(seen) else "forwards", flush=True)
"""
MOVE = """
import sys
from datetime import timedelta
from pathlib import Path
from workflow.clock import SandboxClock

clock = SandboxClock(Path(sys.argv[1]))
for _ in range(200):
    try:
        clock.move_to(clock.now() + timedelta(seconds=1))
    except ValueError:
        pass  # the other was faster by more than that
"""


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that runs a program of ours."""
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)


def begun(directory: Path, at: datetime = MORNING) -> SandboxClock:
    """A clock that has begun."""
    clock = SandboxClock(directory / "clock")
    clock.begin(at)
    return clock


def test_it_stands_still_until_it_is_moved(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    before = time.monotonic()
    while time.monotonic() == before:
        pass
    assert clock.now() == MORNING
    clock.move_to(MORNING + timedelta(hours=1))
    assert clock.now() == MORNING + timedelta(hours=1)
    assert clock.now().tzinfo is UTC


def test_it_never_goes_back(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    with pytest.raises(ValueError, match="cannot move back from 2026-03-02T09:00:00"):
        clock.move_to(MORNING - timedelta(microseconds=1))
    assert clock.begin(MORNING - timedelta(days=1)) == MORNING
    assert clock.begin(MORNING + timedelta(days=1)) == MORNING + timedelta(days=1) == clock.now()


def test_nothing_falls_due_by_waiting(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    assert clock.seconds_until(MORNING + timedelta(seconds=1)) == math.inf
    assert clock.seconds_until(MORNING) == clock.seconds_until(MORNING - timedelta(days=1)) == 0.0


def test_an_instant_of_any_zone_is_kept_in_utc_to_the_microsecond(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    there = datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=2)))
    clock.move_to(there)
    assert (clock.now(), clock.now().tzinfo) == (there, UTC)


def test_without_a_file_it_is_no_clock(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="clock"):
        SandboxClock(tmp_path / "clock").now()


def test_a_setting_names_its_file(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    again = clock_from(clock.spec())
    assert isinstance(again, SandboxClock)
    assert again.now() == MORNING
    for wrong in ("sandbox:", "sandbox:clock"):
        with pytest.raises(ValueError, match="absolute path"):
            clock_from(wrong)


def test_other_processes_see_each_move_whole_and_in_order(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    end = MORNING + timedelta(seconds=2_000)
    readers = [python(READ, str(clock.path), end.isoformat()) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reads\n"
    for second in range(1, 2_001):
        clock.move_to(MORNING + timedelta(seconds=second))
    for reader in readers:
        said, _ = reader.communicate(timeout=60)
        assert (said, reader.returncode) == ("forwards\n", 0)


def test_several_may_move_it_at_once(tmp_path: Path) -> None:
    clock = begun(tmp_path)
    movers = [python(MOVE, str(clock.path)) for _ in range(3)]
    seen = [clock.now()]
    while any(mover.poll() is None for mover in movers):
        seen.append(clock.now())
    assert [mover.returncode for mover in movers] == [0, 0, 0]
    assert seen == sorted(seen)
    assert MORNING + timedelta(seconds=200) <= clock.now() <= MORNING + timedelta(seconds=600)
