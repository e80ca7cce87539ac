"""Invariant 2: a timer fires once per setting, never early, is never lost; a stale one decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from state_machines.values.instants import format_instant
from tests.invariants.contents import contents
from tests.workflow.world import NOW, World, new_world
from workflow.engine.turns import decide_all
from workflow.errors import NotFound
from workflow.maintenance.dead_letters import retry_timer
from workflow.settings import Settings

HOUR = timedelta(hours=1)
OVEN = """
lifecycle: oven
version: 1
data: {heat: {type: integer}}
triggers:
  light: {}
  open: {}
  check: {}
  burn: {}
  again: {}
states:
  - {name: hot}
  - {name: cold}
  - {name: ashes, final: true}
timeouts:
  look: {in: hot, after: PT1H, on_timeout: check}
  end: {in: hot, after: PT1H, on_timeout: again}
transitions:
  - {trigger: light, source: [initial, cold], dest: hot, set: {heat: 1}}
  - {trigger: open, source: hot, dest: cold}
  - {trigger: check, source: '*', dest: ashes, conditions: data.broken.thermometer == 1}
  - {trigger: again, source: hot, set: {heat: =data.heat + 1}, restart: [look]}
"""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With an oven whose thermometer is broken: looking at it is a fault."""
    world = new_world(database_url, OVEN)
    yield world
    world.store.close()


def dead_timers(world: World) -> list[str]:
    return [timer["name"] for timer in contents(world.store)["timers"] if timer["dead_at"] is not None]


def promise(world: World, key: str, hours: int) -> None:
    due = format_instant(NOW + hours * HOUR)
    world.post("promise.make", key, {"words": "w", "owner": "o", "due_at": due, "warn_before": "PT1M"})


def test_a_promise_kept_in_time_while_nobody_worked_is_not_broken(world: World) -> None:
    """The door was open, all workers were dead: the event came before the deadline and counts before it."""
    promise(world, "promise:in-time", 2)
    promise(world, "promise:at-the-instant", 2)
    promise(world, "promise:late", 2)
    world.clock.move_to(NOW + HOUR)
    world.engine.accept([world.event("promise.keep", "promise:in-time")])
    world.clock.move_to(NOW + 2 * HOUR)
    world.engine.accept([world.event("promise.keep", "promise:at-the-instant")])
    world.clock.move_to(NOW + 2 * HOUR + timedelta(microseconds=1))
    world.engine.accept([world.event("promise.keep", "promise:late")])
    world.clock.advance(9 * HOUR)
    for _ in range(3):  # a clock comes back before any worker does
        world.engine.fire()
    assert world.state("promise:late") == "lapsed"
    world.settle()
    while world.engine.fire().decided:
        world.settle()
    states = [world.state(f"promise:{name}") for name in ("in-time", "at-the-instant", "late")]
    assert states == ["kept", "kept", "kept_late"]


def test_an_event_that_is_a_dead_letter_holds_up_no_deadline(world: World) -> None:
    promise(world, "promise:1", 2)
    world.engine.accept([world.event("promise.keep", "promise:1")])
    with world.store.begin() as transaction:
        transaction.connection.exec_driver_sql("update inbox set dead_at = '2026-03-02 10:00:00.000000Z'")
    world.move_to(NOW + 3 * HOUR)
    assert world.state("promise:1") == "lapsed"


def test_a_dead_timer_does_not_come_back_to_a_subject_that_has_left_its_state(world: World) -> None:
    world.post("oven.light", "oven:1")
    with world.store.begin() as transaction:
        transaction.connection.exec_driver_sql("delete from timers where name = 'end'")
    world.clock.move_to(NOW + HOUR)
    world.engine.fire()
    assert dead_timers(world) == ["look"]
    world.post("oven.open", "oven:1")
    assert dead_timers(world) == []
    with pytest.raises(NotFound):
        retry_timer(world.store, "oven:1", "look", world.clock.now())
    world.post("oven.light", "oven:1")
    assert world.timers("oven:1")["look"] == NOW + 2 * HOUR


def test_a_timer_set_anew_in_the_batch_in_which_it_failed_lives(world: World) -> None:
    """`end` and `look` are due at once; `end` is decided first or last, and sets `look` anew."""
    world.post("oven.light", "oven:1")
    with world.store.begin() as transaction:  # `look` fails first, then `end` restarts it
        transaction.connection.exec_driver_sql(
            f"update timers set due_at = '{NOW + HOUR / 2:%Y-%m-%d %H:%M:%S.%fZ}' where name = 'look'"
        )
    world.clock.move_to(NOW + HOUR)
    assert world.engine.fire().decided == 2
    assert dead_timers(world) == []
    assert world.timers("oven:1") == {"look": NOW + 2 * HOUR}


def test_a_timer_fires_once_however_many_clocks_ask(world: World) -> None:
    promise(world, "promise:1", 1)
    world.clock.move_to(NOW + HOUR - timedelta(microseconds=1))
    world.engine.fire()
    assert world.state("promise:1") == "at_risk"
    world.clock.advance(timedelta(microseconds=1))
    assert [world.engine.fire().decided for _ in range(4)] == [1, 0, 0, 0]
    lapses = [move for move in world.moves("promise:1") if move[0] == "lapse"]
    assert lapses == [("lapse", "at_risk", "lapsed", "moved")]


def test_timers_that_wait_for_events_do_not_stand_in_the_way_of_others(world: World) -> None:
    """A batch full of them is decided as soon as their events are, in the same run."""
    for name in ("first", "second", "third"):
        promise(world, f"promise:{name}", 2)
    world.engine.accept([world.event("promise.thanks", f"promise:{name}") for name in ("first", "second")])
    world.clock.advance(9 * HOUR)
    decide_all(world.engine, Settings(timer_batch=1, event_batch=1))
    assert {world.state(f"promise:{name}") for name in ("first", "second", "third")} == {"lapsed"}
