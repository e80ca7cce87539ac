"""A machine whose clock is ahead of the database's decides nothing too early, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from workflow import clock as clocks
from workflow.clock import HeldClock, SandboxClock, SystemClock
from workflow.maintenance.doctor import examine
from workflow.settings import Settings
from workflow.store import Store, open_store
from workflow.store import shared_time as times
from workflow.store.shared_time import clock_over


class Machine:
    """A machine's clocks: one that may be stepped, and one that never jumps."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.elapsed = 0.0

    def now(self) -> datetime:
        """What its clock shows."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Ours, which may be stepped."""
    made, counted = Machine(), clocks.monotonic
    monkeypatch.setattr(SystemClock, "now", lambda _: made.now())
    monkeypatch.setattr(times, "monotonic", lambda: counted() + made.elapsed)
    return made


@pytest.fixture
def store(migrated_postgres_url: str) -> Iterator[Store]:
    """On PostgreSQL, whose clock shows the right time."""
    store = open_store(migrated_postgres_url)
    yield store
    store.close()


def late(clock: SystemClock) -> float:
    """Seconds by which a clock shows more than the right time."""
    return (clock.now() - datetime.now(UTC)).total_seconds()


def asked(store: Store) -> None:
    """As by any transaction."""
    with store.connect():
        pass
    with store.begin():
        pass


def test_a_clock_that_is_ahead_is_held_back_and_one_that_is_behind_is_not_set(
    store: Store, machine: Machine
) -> None:
    clock = clock_over(store.time, "system")
    assert isinstance(clock, HeldClock)
    machine.ahead = timedelta(minutes=5)
    assert late(clock) == pytest.approx(300, abs=1), "nobody has asked yet"
    asked(store)
    assert late(clock) == pytest.approx(0, abs=0.5)
    machine.ahead = timedelta(minutes=-5)
    assert late(clock) == pytest.approx(-300, abs=1), "late is mended, early is not"


def test_a_step_between_two_looks_makes_nothing_early(store: Store, machine: Machine) -> None:
    clock = clock_over(store.time, "system")
    assert isinstance(clock, HeldClock)
    asked(store)
    machine.ahead = timedelta(hours=1)
    assert late(clock) == pytest.approx(0, abs=0.5)
    machine.ahead = timedelta(seconds=HeldClock.TOLERANCE / 2)
    assert late(clock) == pytest.approx(HeldClock.TOLERANCE / 2, abs=0.2), "clocks differ by a little"


def test_a_difference_is_told_once_and_its_end_too(store: Store, machine: Machine) -> None:
    with capture_logs() as logs:
        for ahead in (300, 300, 0, -300):
            machine.ahead = timedelta(seconds=ahead)
            machine.elapsed += 11.0
            asked(store)
    said = [(one["event"].removeprefix("this machine's clock ")[:8], one.get("seconds")) for one in logs]
    assert said == [("is ahead", 300.0), ("and the ", None), ("is behin", 300.0)]


def test_a_store_that_is_a_file_and_a_clock_that_is_moved_know_no_other(store: Store, tmp_path: Path) -> None:
    file = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    assert file.time is None and type(clock_over(file.time, "system")) is SystemClock
    file.close()
    assert isinstance(clock_over(store.time, f"sandbox:{tmp_path / 'clock'}"), SandboxClock)


@pytest.mark.parametrize(
    ("seconds", "well", "words"), [(0, True, "same time"), (300, False, "ahead"), (-300, False, "behind")]
)
def test_doctor_compares_both(
    migrated_postgres_url: str, tmp_path: Path, machine: Machine, seconds: int, well: bool, words: str
) -> None:
    machine.ahead = timedelta(seconds=seconds)
    settings = Settings(
        database_url=migrated_postgres_url, broker_url="redis://127.0.0.1:1", data_dir=tmp_path
    )
    (found,) = [one for one in examine(settings) if one.name == "clock of the database"]
    assert (found.well, words in found.words) == (well, True), found
