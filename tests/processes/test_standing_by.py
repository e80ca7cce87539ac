"""The run loop: one process of a pool, here a thread of the test, with a real broker and real time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import redis

from state_machines.values.instants import parse_instant
from tasks.pool import run_loop
from tasks.pool import slots as slots
from tasks.pool.deadlines_first import decide_before_bulk, decide_beside
from tasks.pool.process import Process
from tasks.pool.run_loop import RunLoop, decide_and_listen
from tests.processes.installation import Installation
from tests.waiting import wait_until
from workflow.broker.app import celery_app
from workflow.broker.notifier import Listening, Notifier
from workflow.broker.task_names import APPLY, LATER_QUEUE, QUEUE, RELAY, SOON_QUEUE
from workflow.engine.turns import AT_ONCE, EVENTS, Turns

LONG = 10.0


class Pool:
    """One process of a pool of two."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.process = Process(installation.runtime, installation.broker, {})
        self.notifier = Notifier(celery_app(installation.settings))
        self.broker = redis.Redis.from_url(installation.server.url)

    @contextmanager
    def doing(self, step: Callable[[], Any]) -> Iterator[list[Any]]:
        """While it works; what it answered is in the list afterwards."""
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(step()), daemon=True)
        thread.start()
        yield answers
        thread.join(30)
        assert not thread.is_alive()

    def wait_listeners(self, count: int) -> None:
        """Until so many stand by."""
        wait_until(lambda: self.notifier.subscribers() == count, seconds=60, what=f"{count} to stand by")


@pytest.fixture
def pool(sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setattr(slots, "_pool", slots.Slots(2))
    sqlite_installation.configure(stand_by_seconds=1.0)
    pool = Pool(sqlite_installation)
    yield pool
    pool.broker.close()


def test_who_stands_by_takes_events_and_timers_without_any_message(pool: Pool) -> None:
    """There is no worker and no scheduler: only the notification, and the next due instant that is known."""
    installation = pool.installation
    with pool.doing(lambda: decide_and_listen(pool.process, APPLY)) as answers:
        pool.wait_listeners(1)
        installation.runtime.engine.accept([installation.promise("P-1", due_in=0.5)])
        assert installation.broker.wake(APPLY)
        installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the promise to lapse")
    (lapse,) = installation.moves("lapse")
    assert lapse.at >= lapse.due_at
    assert pool.broker.llen(QUEUE) == 0
    assert answers[0]["decided"] >= 3, "made, lapsed, and the escalation of that"
    assert pool.notifier.subscribers() == 0
    assert not installation.broker.wake(APPLY), "it has gone, so a message goes"


def test_only_its_share_of_a_pool_stands_by(pool: Pool) -> None:
    with pool.doing(lambda: decide_and_listen(pool.process, APPLY)):
        pool.wait_listeners(1)
        with pool.doing(lambda: decide_and_listen(Pool(pool.installation).process, APPLY)) as second:
            wait_until(lambda: second, seconds=60, what="the second to find no slot and to go")
            assert pool.notifier.subscribers() == 1


def test_it_stays_while_work_flows_until_its_successor_is_there(pool: Pool) -> None:
    """Between two of them nobody need send a message."""
    called = threading.Event()
    loop = RunLoop(pool.process, APPLY, seconds=0.1)
    with pool.doing(lambda: loop.listen(called.set)) as answers:
        assert called.wait(20)
        assert pool.notifier.subscribers() == 1
        assert pool.notifier.notify(EVENTS)
        successor = Notifier(celery_app(pool.installation.settings)).subscribe()
        assert successor is not None
        pool.wait_listeners(1)
    assert answers == [False], "nobody else must be called"


def test_alone_in_its_pool_it_makes_room_and_says_that_there_is_more(pool: Pool) -> None:
    pool.installation.runtime.engine.accept([pool.installation.promise("P-1", due_in=LONG)])
    with pool.doing(lambda: RunLoop(pool.process, APPLY, seconds=0.1).listen(None)) as answers:
        pass
    assert answers == [True]


def test_alone_in_its_pool_it_goes_when_there_is_something_else_to_do(pool: Pool) -> None:
    """Work that never ends would else keep receipts from ever being taken."""
    loop = RunLoop(pool.process, APPLY)
    pool.process.runtime.engine.accept([pool.installation.promise("P-1", due_in=LONG)])
    with pool.doing(lambda: loop.listen(None)) as answers:
        pool.wait_listeners(1)
        pool.installation.broker.go(RELAY)
        wait_until(lambda: answers, seconds=60, what="it to go")
    assert answers == [False]
    assert loop.finish()["decided"] == 1


def test_it_goes_when_another_would_listen_beside_its_work_and_something_else_waits(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two processes one writes documents: the other has as many to write, and few events to wait for."""
    is_ready = threading.Event()
    monkeypatch.setattr(run_loop, "NEAR", 2 * LONG)  # as if the next timer were due in a moment
    monkeypatch.setattr(slots.Slots, "are_held_elsewhere", lambda *_: is_ready.is_set())
    pool.installation._runtime = None
    pool.installation.configure(stand_by_seconds=LONG)
    patient = Pool(pool.installation)
    with pool.doing(lambda: decide_and_listen(patient.process, APPLY)) as answers:
        pool.wait_listeners(1)
        for number in range(2):
            event = pool.installation.promise(f"P-{number}", due_in=LONG)
            pool.installation.runtime.engine.accept([event])
            assert pool.notifier.notify(EVENTS), "it listens, as long as nobody else would"
            pool.installation.wait(
                lambda number=number: len(pool.installation.moves("make")) > number,
                what="the promise to be made",
            )
            pool.installation.broker.go(RELAY)
        is_ready.set()
        pool.notifier.notify(EVENTS)
        wait_until(lambda: answers, seconds=60, what="it to go")


def test_it_goes_when_nothing_comes_for_a_moment_and_something_else_waits(pool: Pool) -> None:
    """Notices for all of a pool, say: what comes meanwhile finds a process by a message."""
    pool.installation._runtime = None
    pool.installation.configure(stand_by_seconds=LONG)
    patient = Pool(pool.installation)
    with pool.doing(lambda: decide_and_listen(patient.process, APPLY)) as answers:
        pool.wait_listeners(1)
        pool.installation.runtime.engine.accept([pool.installation.promise("P-1", due_in=LONG)])
        assert pool.notifier.notify(EVENTS)
        pool.installation.wait(lambda: pool.installation.moves("make"), what="the promise to be made")
        assert not answers, "it listens, as long as nothing waits"
        pool.installation.broker.go(RELAY)
        wait_until(lambda: answers, seconds=60, what="it to go")


def test_who_decides_beside_its_work_is_ready_to_relieve_those_that_listen(pool: Pool) -> None:
    found = slots.of_this_pool(pool.installation.settings)
    assert found is not None
    listener = found.acquire(found.for_listening)
    assert listener is not None
    pool.process.runtime.engine.accept([pool.installation.promise("P-1", due_in=LONG)])
    with decide_beside(pool.process):
        wait_until(lambda: _is_held(found.for_relieving), seconds=60, what="it to be ready")
        found.release(listener)
        pool.installation.wait(lambda: pool.installation.moves("make"), what="it to listen instead")
        assert not _is_held(found.for_relieving), "it relieves somebody already"


def _is_held(some: range) -> bool:
    """Whether one of this pool's slots is held, by whomever."""
    assert slots._pool is not None
    return not slots._pool._held.isdisjoint(some)


def test_where_events_are_piled_up_another_process_is_called_to_help(pool: Pool) -> None:
    """Of a pool of several one listens, and would decide all of them by itself."""
    installation = pool.installation
    installation._runtime = None
    installation.configure(event_batch=25)
    promises = [installation.promise(f"P-{number}", due_in=3600) for number in range(120)]
    installation.runtime.engine.accept(promises)
    with pool.doing(lambda: decide_and_listen(Pool(installation).process, APPLY)):
        wait_until(lambda: pool.broker.llen(QUEUE), seconds=60, what="it to call")
    assert len(installation.moves("make")) == 120


def test_of_several_who_are_woken_for_nothing_the_last_stays(pool: Pool) -> None:
    pool.installation._runtime = None
    pool.installation.configure(stand_by_seconds=LONG)
    other = Notifier(celery_app(pool.installation.settings)).subscribe()
    assert other is not None
    patient = Pool(pool.installation)
    with pool.doing(lambda: decide_and_listen(patient.process, APPLY)) as answers:
        pool.wait_listeners(2)
        while not answers:
            pool.notifier.notify(EVENTS)
            other.wait(0.05)
    assert pool.notifier.subscribers() == 1


def test_many_effects_are_relayed_when_nothing_is_due_or_else_by_a_neighbour(pool: Pool) -> None:
    installation = pool.installation
    promises = [
        installation.promise(f"P-{number}", due_in=0.2, customer={"email": "customer@example.com"})
        for number in range(30)
    ]
    installation.runtime.engine.accept(promises)
    with pool.doing(lambda: decide_and_listen(pool.process, APPLY)):
        installation.wait(lambda: len(installation.moves("lapse")) == 30, what="all to lapse")
    relayed = {effect.state for effect in installation.effects()} == {"published"}
    asked = pool.broker.llen(SOON_QUEUE) >= 1
    assert relayed or asked
    assert pool.broker.llen(LATER_QUEUE) >= 1 or asked, "the notices are on their way"


def test_who_is_about_to_do_bulk_helps_while_work_is_piled_up_and_not_for_ever(pool: Pool) -> None:
    """More than a batch of events is piled up; what is fewer is left to those that listen."""
    installation = pool.installation
    installation._runtime = None
    installation.configure(event_batch=25)
    promises = [installation.promise(f"P-{number}", due_in=3600) for number in range(80)]
    installation.runtime.engine.accept(promises)
    decide_before_bulk(Pool(installation).process)
    assert len(installation.moves("make")) == 75
    decide_before_bulk(Pool(installation).process)
    assert len(installation.moves("make")) == 75


def test_who_is_about_to_do_bulk_helps_with_a_deadline_that_is_late(pool: Pool) -> None:
    """One that is just due is for those that listen: they come to it with the next batch."""
    installation = pool.installation
    engine = installation.runtime.engine
    engine.accept([installation.promise("P-1", due_in=0.3), installation.promise("P-2", due_in=3600)])
    engine.apply()
    decide_before_bulk(pool.process)
    assert not installation.moves("lapse")
    installation.wait(lambda: engine.clock.now() > _due(installation), what="it to be late")
    decide_before_bulk(pool.process)
    assert [one.key for one in installation.moves("lapse")] == ["promise:P-1"]


def test_who_helps_goes_when_nothing_of_what_is_piled_up_can_be_decided_here(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as while another holds the subjects."""
    monkeypatch.setattr(Process, "is_work_piled", lambda _: True)
    flowing = Flow(pool, decided=0)
    monkeypatch.setattr(run_loop, "Turns", lambda *_: flowing)
    decide_before_bulk(pool.process)
    assert flowing.taken == 1


def _due(installation: Installation) -> datetime:
    """When it is late, UTC."""
    due_at = parse_instant(str(installation.data("promise:P-1")["due_at"]))
    return due_at + timedelta(milliseconds=100)


def test_who_finds_all_places_for_listening_taken_decides_what_waits_and_goes(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that flows would keep it for as long as it may stay, and the other decides that."""
    monkeypatch.setattr(slots.Slots, "acquire", lambda *_: None)
    flowing = Flow(pool)
    monkeypatch.setattr(run_loop, "Turns", lambda *_: flowing)
    result = decide_and_listen(pool.process, APPLY)
    assert (flowing.taken, result["decided"]) == (1, 0)
    assert pool.broker.llen(QUEUE) == 0


def test_who_listens_lets_what_flows_come_together(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of many costs each of them less than a batch of few; of few none has to wait for others."""
    now = 0.0

    def wait(_: Listening, seconds: float) -> frozenset[str]:
        nonlocal now
        now += min(seconds, 0.004)  # somebody notifies all the time
        return frozenset({EVENTS})

    monkeypatch.setattr(Listening, "wait", wait)
    monkeypatch.setattr(run_loop, "monotonic", lambda: now)
    pool.installation.broker.go(RELAY)  # which is for others: a thread beside other work takes no messages
    for decided, apart in ((AT_ONCE + 1, run_loop._GATHER), (AT_ONCE, 0.004)):
        loop = RunLoop(pool.process, APPLY, seconds=LONG)
        flowing = Flow(pool, decided, turns=3)
        loop._turns = flowing
        assert loop.listen(None, until=lambda turns=flowing: turns.taken >= 3) is False
        assert [later - sooner for sooner, later in pairwise(flowing.at)] == pytest.approx([apart, apart])


def test_who_listens_while_work_flows_goes_when_another_would_and_notices_wait(pool: Pool) -> None:
    """So that all of a pool send, and a thread of one of them decides beside that."""
    loop = RunLoop(pool.process, APPLY, seconds=LONG)
    flowing = Flow(pool)
    loop._turns = flowing
    spare = iter([False, False, True])
    pool.installation.broker.go(RELAY)
    assert loop.listen(lambda: None, is_spare=lambda: next(spare)) is False
    assert flowing.taken == 3


class Flow(Turns):
    """Turns of which each finds so many; `taken` so far, each at its time."""

    def __init__(self, pool: Pool, decided: int = AT_ONCE + 1, turns: int = 99) -> None:
        super().__init__(pool.process.runtime.engine, pool.installation.settings)
        self.decided, self.most, self.at = decided, turns, list[float]()

    @property
    def taken(self) -> int:
        return len(self.at)

    def turn(self, gather: float = 0.0) -> int:
        self.at.append(run_loop.monotonic())
        self.events = self.taken < self.most
        return self.decided


def test_while_a_channel_takes_its_time_a_process_decides_what_comes(pool: Pool) -> None:
    """It listens as others do, in the place of one of them, and leaves with the last notice."""
    installation = pool.installation
    installation.runtime.engine.accept([installation.promise("P-1", due_in=0.1)])
    with decide_beside(pool.process):
        pool.wait_listeners(1)
        installation.wait(lambda: installation.moves("lapse"), what="it to lapse")
        assert slots.of_this_pool(installation.settings) is not None
    assert pool.notifier.subscribers() == 0


def test_where_others_listen_nothing_is_decided_beside_what_is_sent(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots.Slots, "acquire", lambda *_: None)
    pool.installation.runtime.engine.accept([pool.installation.promise("P-1", due_in=3600)])
    with decide_beside(pool.process):
        threading.Event().wait(0.3)
    assert pool.installation.moves("make") == []


@pytest.mark.parametrize("stand_by", [0.0, 1.0])
def test_where_nobody_can_or_may_stand_by_it_decides_and_goes(pool: Pool, stand_by: float) -> None:
    installation = pool.installation
    installation.runtime.engine.accept([installation.promise("P-1", due_in=LONG)])
    installation._runtime = None
    installation.configure(stand_by_seconds=stand_by)
    if stand_by:
        installation.server.stop()
    assert decide_and_listen(Pool(installation).process, APPLY)["decided"] == 1


def test_a_broker_that_goes_away_under_it_ends_it_and_loses_nothing(pool: Pool) -> None:
    installation = pool.installation
    with pool.doing(lambda: decide_and_listen(pool.process, APPLY)) as answers:
        pool.wait_listeners(1)
        installation.runtime.engine.accept([installation.promise("P-1", due_in=LONG)])
        installation.server.stop()
    assert answers[0]["decided"] == 1, "it looked once more"
