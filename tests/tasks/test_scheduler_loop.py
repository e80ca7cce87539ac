"""The scheduler's loop: what it asks for, what it does itself, how long it waits. Time is a number here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tasks.scheduler.loop import ALONE, LISTENED_FOR, LOOK_AGAIN, PATIENCE, TICK, SchedulerLoop, Work
from workflow.errors import BrokerUnreachable
from workflow.maintenance.backlog import Backlog, Queue

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SWEEP = 5.0


@dataclass
class Bench:
    """Everything that the loop works with: due instants, an inbox, a time, a broker that can fail."""

    passed: float = 0.0
    timers: list[float] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    effects: list[float] = field(default_factory=list)
    broker: bool = True
    store: bool = True
    asked: list[tuple[Work, int]] = field(default_factory=list)
    done: list[Work] = field(default_factory=list)
    tried: list[float] = field(default_factory=list)
    bound: int = 1_000
    swept: int = 0
    unswept: Exception | None = None
    listener: bool = False
    passing: float | None = None

    # The engine's clock.

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def seconds_until(self, instant: datetime) -> float:
        return max(0.0, (instant - self.now()).total_seconds())

    def real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    # The actions.

    def look(self) -> Backlog:
        if not self.store:
            raise OperationalError("select", {}, Exception("gone"))
        later = [due for due in self.timers + self.effects if due > self.passed]
        return Backlog(
            at=self.now(),
            events=Queue(len(self.events), self.events[0]) if self.events else Queue(),
            timers=self._queue(self.timers),
            effects=self._queue(self.effects),
            next_due=NOW + timedelta(seconds=min(later)) if later else None,
        )

    def _queue(self, dues: list[float]) -> Queue:
        due = sorted(one for one in dues if one <= self.passed)
        if not due:
            return Queue()
        since, row = NOW + timedelta(seconds=due[0]), -due.count(due[0])  # of equals, the last go last
        return Queue(min(len(due), self.bound), (since, row), since)

    def ask(self, work: Work, waiting: int) -> None:
        self.tried.append(self.passed)
        if not self.broker:
            raise BrokerUnreachable("gone")
        self.asked.append((work, waiting))

    def has_listener(self) -> bool:
        return self.listener

    def carry_out(self, work: Work) -> None:
        self.done.append(work)
        if work is Work.FIRE:
            self.fire()

    def fire(self) -> None:
        """As a worker would."""
        self.timers = [due for due in self.timers if due > self.passed]

    def sweep(self) -> None:
        self.swept += 1
        if self.unswept is not None:
            raise self.unswept

    def pass_time(self) -> float | None:
        return self.passing

    # The source of wake-ups, unused: the tests turn the loop by hand.

    def wait(self, seconds: float) -> bool:
        return False


def loop_on(bench: Bench) -> SchedulerLoop:
    """A loop whose every sense is the bench."""
    return SchedulerLoop(bench, bench, bench, sweep_seconds=SWEEP, seconds=lambda: bench.passed)


def test_it_waits_until_the_next_due_instant_and_then_asks_once() -> None:
    bench = Bench(timers=[3.0])
    loop = loop_on(bench)
    assert loop.turn() == pytest.approx(3.0)
    assert bench.asked == []
    bench.passed = 3.0
    assert loop.turn() == pytest.approx(LOOK_AGAIN)
    assert bench.asked == [(Work.FIRE, 1)]
    bench.passed = 3.1
    bench.fire()
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1)]
    assert bench.done == []


def test_where_time_is_passed_it_looks_again_as_soon_as_that_goes_on() -> None:
    bench = Bench(passing=0.1)
    loop = loop_on(bench)
    assert loop.turn() == pytest.approx(0.1)
    bench.passing = 0.0
    assert loop.turn() == pytest.approx(TICK)
    bench.passing = SWEEP * 2
    assert loop.turn() == pytest.approx(SWEEP)


def test_with_nothing_to_come_it_sleeps_until_the_next_sweep() -> None:
    bench = Bench()
    loop = loop_on(bench)
    assert loop.turn() == pytest.approx(SWEEP)
    assert bench.swept == 1
    bench.passed = 2.0
    assert loop.turn() == pytest.approx(3.0)
    assert bench.swept == 1
    bench.passed = SWEEP
    loop.turn()
    assert bench.swept == 2


def test_what_falls_due_after_it_asked_is_asked_for_anew() -> None:
    bench = Bench(timers=[1.0, 1.02])
    loop = loop_on(bench)
    bench.passed = 1.0
    assert loop.turn() == pytest.approx(0.02)
    bench.fire()
    bench.passed = 1.02
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1), (Work.FIRE, 1)]


def test_a_backlog_that_shrinks_is_not_asked_for_again_and_again() -> None:
    bench = Bench(timers=[0.1 * n for n in range(10)], passed=1.0)
    loop = loop_on(bench)
    for _ in range(9):
        loop.turn()
        bench.timers.pop(0)
        bench.passed += PATIENCE - 0.5
    assert bench.asked == [(Work.FIRE, 10)]
    assert bench.done == []


def test_many_of_one_instant_that_workers_decide_are_left_to_them() -> None:
    bench = Bench(timers=[1.0] * 20, passed=1.0, bound=5)
    loop = loop_on(bench)
    for _ in range(10):
        loop.turn()
        bench.timers.pop(0)
        bench.passed += PATIENCE - 0.5
    assert bench.asked == [(Work.FIRE, 5)]
    assert bench.done == []


def test_when_nobody_comes_it_does_the_work_and_does_not_wait_for_anybody_for_a_while() -> None:
    bench = Bench(timers=[0.0, PATIENCE + 1])
    loop = loop_on(bench)
    loop.turn()
    bench.passed = PATIENCE
    loop.turn()
    assert bench.done == []
    bench.passed = PATIENCE + 0.1
    loop.turn()
    assert bench.done == [Work.FIRE]
    bench.passed = PATIENCE + 1
    loop.turn()
    assert bench.done == [Work.FIRE, Work.FIRE], "at its instant, without asking"
    bench.timers = [bench.passed + 2 * ALONE]
    bench.passed += 2 * ALONE
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1), (Work.FIRE, 1)], "later it asks again"


def test_without_a_broker_deadlines_are_decided_at_once_and_effects_wait() -> None:
    bench = Bench(timers=[1.0], events=[7], effects=[0.5], broker=False, passed=1.0)
    loop = loop_on(bench)
    pause = loop.turn()
    assert bench.done == [Work.FIRE, Work.APPLY]
    assert TICK <= pause <= 0.5, "nobody can wake it now, so it looks often"
    assert bench.asked == []


def test_it_asks_again_when_the_broker_is_back() -> None:
    bench = Bench(effects=[0.0], broker=False)
    loop = loop_on(bench)
    loop.turn()
    bench.broker = True
    bench.passed = 0.4
    loop.turn()
    assert bench.asked == []
    bench.passed = 0.6
    loop.turn()
    assert bench.asked == [(Work.RELAY, 1)]
    assert bench.done == []


def turned_until(loop: SchedulerLoop, bench: Bench, end: float) -> None:
    """A turn every half second."""
    while bench.passed <= end:
        loop.turn()
        bench.passed += 0.5


def test_a_broker_that_stays_away_is_asked_ever_more_seldom_and_anew_after_it_was_back() -> None:
    bench = Bench(effects=[0.0], broker=False)
    loop = loop_on(bench)
    turned_until(loop, bench, 60.0)
    assert bench.tried == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5]
    bench.broker, bench.effects = True, [61.0]
    turned_until(loop, bench, 62.0)
    assert bench.tried[8:] == [61.0]
    bench.broker, bench.effects = False, []
    loop.turn()
    bench.tried.clear()
    bench.effects = [bench.passed]
    turned_until(loop, bench, 64.0)
    assert bench.tried == [62.5, 63.0, 64.0]


def test_events_that_somebody_works_on_are_left_to_them() -> None:
    bench = Bench(events=[1, 2, 3])
    loop = loop_on(bench)
    for _ in range(3):
        loop.turn()
        bench.events.pop(0)
        bench.passed += 1.5
    loop.turn()
    assert bench.asked == [(Work.APPLY, 3)]
    assert bench.done == []


def test_where_a_process_listens_it_looks_less_often() -> None:
    """Without that, a scheduler would look a hundred times a second for what is done already."""
    bench = Bench(timers=[0.01 * n for n in range(1, 200)], listener=True)
    loop = loop_on(bench)
    assert loop.turn() == LISTENED_FOR
    assert bench.asked == []
    bench.passed = LISTENED_FOR
    assert loop.turn() == LISTENED_FOR
    assert bench.asked == [(Work.FIRE, 25)], "whether somebody is there or not: what is due is asked for"
    bench.listener = False
    bench.fire()
    assert loop.turn() == pytest.approx(TICK)


def test_a_store_that_is_away_is_asked_again_soon() -> None:
    bench = Bench(store=False)
    loop = loop_on(bench)
    assert loop.turn() == pytest.approx(1.0)
    bench.store = True
    assert loop.turn() == pytest.approx(SWEEP)


@pytest.mark.parametrize("error", [OperationalError("select", {}, Exception("no such table")), KeyError("a")])
def test_a_sweep_that_fails_keeps_no_deadline_waiting(error: Exception) -> None:
    bench = Bench(timers=[1.0], unswept=error)
    loop = SchedulerLoop(bench, bench, bench, sweep_seconds=0.5, seconds=lambda: bench.passed)
    assert loop.turn() == pytest.approx(0.5), "until the next sweep"
    bench.passed = 1.0
    loop.turn()
    assert (bench.swept, bench.asked) == (2, [(Work.FIRE, 1)])


def test_it_ends_when_its_wake_ups_do() -> None:
    loop_on(Bench()).run()


def test_what_falls_due_behind_a_row_that_somebody_holds_is_asked_for_at_once() -> None:
    bench = Bench(timers=[1.0, 2.0], passed=1.0)
    loop = loop_on(bench)
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1)]
    bench.passed = 2.0
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1), (Work.FIRE, 2)]
    bench.timers = [1.0]  # the other was decided
    bench.passed = 2.1
    loop.turn()
    bench.timers = [1.0, 2.5]
    bench.passed = 2.5
    loop.turn()
    assert bench.asked == [(Work.FIRE, 1), (Work.FIRE, 2), (Work.FIRE, 2)]


def test_where_no_worker_takes_messages_more_that_falls_due_prolongs_no_patience() -> None:
    bench = Bench(timers=[1.0, *(1.0 + n / 2 for n in range(1, 20))], passed=1.0)
    loop = loop_on(bench)
    while not bench.done:
        loop.turn()
        bench.passed += 0.5
    assert bench.passed <= 1.0 + PATIENCE + 1.5


def test_the_log_tells_a_locked_row_from_workers_that_take_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(timers=[1.0], passed=1.0)
    monkeypatch.setattr(bench, "fire", lambda: None)
    loop = loop_on(bench)
    with capture_logs() as log:
        for _ in range(100):
            loop.turn()
            bench.passed += 0.5
    said = [one["event"] for one in log]
    assert len(said) == 2
    assert "no worker takes messages" in said[0] and "held by somebody in the database" in said[1]


def test_the_log_blames_no_row_for_a_store_that_takes_no_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(timers=[1.0], passed=1.0)

    def full() -> None:
        raise OperationalError("commit", {}, Exception("database or disk is full"))

    monkeypatch.setattr(bench, "fire", full)
    loop = loop_on(bench)
    with capture_logs() as log:
        for _ in range(100):
            loop.turn()
            bench.passed += 0.5
    said = {one["event"] for one in log}
    assert said == {"no worker takes messages, the scheduler works", "the scheduler cannot reach the store"}
