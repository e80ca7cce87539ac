"""An advance: everything happens at its own instant and in order, and what never rests is reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.sandbox.conftest import LEASE, MORNING, PATIENCE, House
from workflow.errors import AdvanceUnderWay, InvalidAdvance
from workflow.outbox import effects as outbox
from workflow.sandbox import passing
from workflow.sandbox.advance import FARTHEST, AdvanceStatus, ask, target_of
from workflow.sandbox.passing import IDLE, RESTLESS, hold_on
from workflow.sandbox.real_time import RealTime
from workflow.store import schema

HOUR = timedelta(hours=1)
FOUR = timedelta(hours=4)


def test_everything_happens_at_its_own_instant(house: House) -> None:
    house.promise("A", FOUR)
    house.promise("B", 2 * FOUR)
    house.advance(by="P1D")
    found = house.until_done()
    assert (found.status, found.now) == (AdvanceStatus.READY, MORNING + timedelta(days=1))
    lapsed = [at for trigger, at in house.moves() if trigger == "lapse"]
    assert lapsed == [MORNING + FOUR, MORNING + 2 * FOUR]
    instants = [at for _, at in house.moves()]
    assert instants == sorted(instants)
    assert found.advance is not None
    assert found.advance.stops == len(set(instants))
    told = [(one["at"], one["about"]) for one in house.notices()]
    assert ("2026-03-02T12:00:00Z", "nudge") in told
    assert told == sorted(told, key=lambda one: one[0])


def test_what_is_due_at_the_target_itself_is_done(house: House) -> None:
    house.promise("A", FOUR)
    house.advance(to="2026-03-02T13:00:00Z")
    assert house.until_done().now == MORNING + FOUR
    assert house.state("promise:A") == "lapsed"


def test_the_clock_waits_until_all_is_done_at_a_stop(house: House) -> None:
    house.promise("A", FOUR)
    scheduler = house.passing()
    house.advance(by="P1D")
    assert scheduler.step() == RESTLESS, "the event is not decided yet"
    assert house.clock.now() == MORNING
    assert "1 undecided events" in str(house.standing().waits_for)
    house.work()
    assert scheduler.step() == 0.0
    assert house.clock.now() == MORNING + 3 * HOUR
    assert scheduler.step() == RESTLESS
    assert "1 due timers" in str(house.standing().waits_for)
    house.runtime.engine.fire()
    assert scheduler.step() == RESTLESS
    (row,) = outbox.claim(house.runtime.store, house.clock.now(), LEASE, 10)
    assert scheduler.step() == RESTLESS, "what is under way is not done"
    assert "notice email of promise:A is published" in str(house.standing().waits_for)
    house.sender.run([row.id], row.token, 30.0)
    assert scheduler.step() == 0.0
    assert house.clock.now() == MORNING + FOUR


def test_with_nothing_to_come_it_goes_straight_to_the_target(house: House) -> None:
    scheduler = house.passing()
    assert scheduler.step() == IDLE
    house.advance(by="P30D")
    assert scheduler.step() == 0.0
    assert scheduler.step() == IDLE
    found = house.standing()
    assert (found.status, found.now, found.next_due) == (
        AdvanceStatus.READY,
        MORNING + timedelta(days=30),
        None,
    )
    assert found.advance is not None
    assert found.advance.stops == 0


def test_several_schedulers_pass_the_same_time(house: House) -> None:
    house.promise("A", FOUR)
    house.advance(by="PT12H")
    found = house.until_done(house.passing(), house.passing(), house.passing())
    assert (found.status, found.now) == (AdvanceStatus.READY, MORNING + timedelta(hours=12))
    assert found.advance is not None
    assert found.advance.stops == len({at for _, at in house.moves()})


def test_a_move_that_was_not_ended_is_ended_by_the_next(house: House) -> None:
    house.advance(by="PT1H")
    with house.runtime.store.begin() as transaction:  # as of one that was killed before it wrote the file
        transaction.connection.execute(update(schema.purpose).values(stands_at=MORNING + HOUR / 2))
    assert house.clock.now() == MORNING
    house.passing().step()
    assert house.clock.now() == MORNING + HOUR
    assert house.until_done().status is AdvanceStatus.READY


def test_one_advance_at_a_time(house: House) -> None:
    house.advance(by="PT1H")
    with pytest.raises(AdvanceUnderWay):
        house.advance(by="PT1H")
    house.until_done()
    house.advance(by="PT1H")
    assert house.until_done().now == MORNING + 2 * HOUR


def test_a_stop_at_which_nothing_gets_on_is_reported(house: House) -> None:
    house.promise("A", FOUR)
    scheduler = house.passing()
    house.advance(by="P1D")
    scheduler.step()
    house.real += PATIENCE
    assert scheduler.step() == RESTLESS
    house.real += 1
    assert scheduler.step() == IDLE
    found = house.standing()
    assert (found.status, found.now) == (AdvanceStatus.HALTED, MORNING)
    assert found.advance is not None
    assert "did not come to rest in 61 seconds: 1 undecided events" in str(found.advance.reason)
    house.advance(by="PT1H")  # and it may be moved on
    assert house.until_done().now == MORNING + HOUR


def test_a_stop_at_which_something_gets_on_may_take_longer_and_not_for_ever(house: House) -> None:
    scheduler = house.passing()
    house.advance(by="P1D")
    for number in range(10):
        house.promise(str(number), FOUR)
        assert scheduler.step() == RESTLESS
        house.real += PATIENCE
    house.promise("last", FOUR)
    house.real += 1
    assert scheduler.step() == IDLE
    assert house.standing().status is AdvanceStatus.HALTED


def test_stops_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "MOST_STOPS", 2)
    house.promise("A", FOUR)
    house.advance(by="P1D")
    found = house.until_done()
    assert found.status is AdvanceStatus.HALTED
    assert found.now < MORNING + timedelta(days=1)
    assert found.advance is not None
    assert (found.advance.stops, str(found.advance.reason)[:18]) == (2, "2 stops were made ")


def test_what_is_under_way_at_a_move_keeps_its_lease(house: House) -> None:
    """It may have come under way after the scheduler looked: nobody must take it over, or give it up."""
    house.promise("A", FOUR)
    house.advance(by="PT3H")
    house.until_done()
    (effect,) = _rows(house)
    _set(house, effect.id, state="sending", due_at=house.clock.now() + LEASE, settled_at=None)
    now, there = house.clock.now(), MORNING + timedelta(days=1)
    store = house.runtime.store
    with store.begin() as transaction:
        hold_on(transaction.connection, there, there - now)
    assert _rows(house)[0].due_at == there + LEASE
    with store.begin() as transaction:  # and it is moved once
        hold_on(transaction.connection, there, there - now, lost=True)
    assert _rows(house)[0].due_at == there + LEASE
    _set(house, effect.id, due_at=now + LEASE)
    with store.begin() as transaction:
        hold_on(transaction.connection, there, there - now, lost=True)
    assert _rows(house)[0].due_at == there + LEASE


@pytest.mark.parametrize("state", ["pending", "published", "sending"])
def test_what_waits_for_real_time_gets_it(house: House, state: str) -> None:
    house.promise("A", FOUR)
    house.advance(by="PT3H")
    house.until_done()
    (effect,) = _rows(house)
    due_at = house.clock.now() + LEASE
    _set(house, effect.id, state=state, due_at=due_at, settled_at=None)
    real_time = RealTime(house.runtime.store, house.clock, lambda: house.real)
    assert real_time.look() == 0
    house.real += LEASE.total_seconds() - 1
    assert real_time.look() == 0
    house.real += 1
    assert real_time.look() == 1
    assert _rows(house)[0].due_at == house.clock.now()
    _set(house, effect.id, due_at=due_at)  # as of a notice that must wait on for its own instant
    for _ in range(3):
        house.real += 2 * LEASE.total_seconds()
        assert real_time.look() == 0


def test_what_is_far_does_not_wait_for_real_time(house: House) -> None:
    house.promise("A", FOUR)
    house.advance(by="PT3H")
    house.until_done()
    (effect,) = _rows(house)
    _set(house, effect.id, state="pending", due_at=house.clock.now() + 2 * HOUR, settled_at=None)
    real_time = RealTime(house.runtime.store, house.clock, lambda: house.real)
    for _ in range(4):
        assert real_time.look() == 0
        house.real += HOUR.total_seconds()


def _rows(house: House) -> list[Any]:
    with house.runtime.store.connect() as connection:
        return list(connection.execute(select(schema.outbox).order_by(schema.outbox.c.id)))


def _set(house: House, effect: int, **values: Any) -> None:
    with house.runtime.store.begin() as transaction:
        transaction.connection.execute(
            update(schema.outbox).where(schema.outbox.c.id == effect).values(values)
        )


@pytest.mark.parametrize(
    ("by", "to", "field", "rule"),
    [
        (None, None, "body", "one-of"),
        ("PT1H", "2026-03-03T09:00:00Z", "body", "one-of"),
        ("1h", None, "body.by", "duration-form"),
        ("P1M", None, "body.by", "duration-fixed-length"),
        ("PT0S", None, "body.by", "later"),
        ("P401D", None, "body.by", "distance"),
        ("P999999999D", None, "body.by", "instant-range"),
        (None, "2026-03-02T09:00:00", "body.to", "no-zone"),
        (None, "2026-03-02T09:00:00Z", "body.to", "later"),
        (None, "2026-03-02T08:59:59Z", "body.to", "later"),
        (None, "2028-03-02T09:00:00Z", "body.to", "distance"),
    ],
)
def test_a_bad_wish_is_refused_by_field_and_rule(
    by: str | None, to: str | None, field: str, rule: str
) -> None:
    with pytest.raises(InvalidAdvance) as refused:
        target_of(MORNING, by, to)
    (problem,) = refused.value.problems
    assert (problem.field, problem.rule) == (field, rule)


def test_as_far_as_it_may_go_it_goes() -> None:
    assert target_of(MORNING, "P400D", None) == MORNING + FARTHEST


def test_two_who_ask_at_once_are_let_in_one_by_one(house: House) -> None:
    store, target = house.runtime.store, MORNING + HOUR
    assert ask(store, MORNING, target, "operator:a").status is AdvanceStatus.ADVANCING
    with pytest.raises(AdvanceUnderWay):
        ask(store, MORNING, target, "operator:b")
