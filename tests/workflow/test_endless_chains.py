"""Chains of events and timers without rest are cut off and named; honest long lives are not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.workflow.world import NOW, World
from workflow.engine import batch_decisions
from workflow.maintenance.backlog import full_count
from workflow.maintenance.dead_letters import retry_event
from workflow.queries.dead_letters import first_dead_letters
from workflow.store.schema import inbox, timers

PING = """
lifecycle: ping
version: 1
triggers: {serve: {}, pong: {}}
states: [{name: playing}]
transitions:
  - {trigger: serve, source: initial, dest: playing, effects: [{emit: {to: "='pong:a'", trigger: ping}}]}
  - {trigger: pong, source: playing, effects: [{emit: {to: "='pong:a'", trigger: ping}}]}
"""
PONG = """
lifecycle: pong
version: 1
triggers: {ping: {}}
states: [{name: playing}]
transitions:
  - {trigger: ping, source: [initial, playing], dest: playing,
     effects: [{emit: {to: "='ping:a'", trigger: pong}}]}
"""
ECHO = """
lifecycle: echo
version: 1
triggers: {call: {}}
states: [{name: heard}]
transitions:
  - {trigger: call, source: [initial, heard], dest: heard, effects: [{emit: {to: self, trigger: call}}]}
"""
SPIN = """
lifecycle: spin
version: 1
data: {pause: {type: string}}
triggers: {start: {data: {pause: {type: string}}}, turn: {}}
states: [{name: turning, timeouts: {next: {after: data.pause, on_timeout: turn}}}]
transitions:
  - {trigger: start, source: initial, dest: turning, set: {pause: =event.data.pause}}
  - {trigger: turn, source: turning, dest: turning}
"""


FEW = 60
"""Hops enough for these tests: the way is the same as with a thousand."""


@pytest.fixture
def loops(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with lifecycles that never rest, and with patience for few hops."""
    monkeypatch.setattr(batch_decisions, "MOST_HOPS", FEW)
    world.engine.registry.register([(one, None) for one in (PING, PONG, ECHO, SPIN)], NOW)
    return world


def hops_of_timer(world: World) -> int | None:
    """What the only timer carries."""
    with world.store.connect() as connection:
        return connection.scalar(select(timers.c.hops))


def test_two_that_answer_each_other_are_stopped_and_named(loops: World) -> None:
    loops.post("ping.serve", "ping:a")
    loops.post("lamp.press", "lamp:1", {"level": 1})
    (dead,) = first_dead_letters(loops.store).events
    words = (
        "ping.pong <- pong.ping <- ping.pong"
        if dead.type == "ping.pong"
        else "pong.ping <- ping.pong <- pong.ping"
    )
    assert dead.error is not None
    assert dead.error.startswith(f"endless-chain: {FEW} events and timers in a row")
    assert f": {words}; this one is for {dead.subject}" in dead.error
    assert loops.state("lamp:1") == "on"
    assert full_count(loops.store, loops.clock.now()).endless_chains == 1


def test_one_that_sends_to_itself_is_stopped_and_each_retry_begins_anew(loops: World) -> None:
    loops.post("echo.call", "echo:a/b")
    (dead,) = first_dead_letters(loops.store).events
    assert "echo.call <- echo.call; this one is for echo:a/b" in str(dead.error)
    assert len(loops.moves("echo:a/b")) == FEW
    retry_event(loops.store, dead.id)
    loops.settle()
    assert len(loops.moves("echo:a/b")) == 2 * FEW
    assert len(first_dead_letters(loops.store).events) == 1


@pytest.mark.parametrize("pause", ["PT0S", "PT0.5S"])
def test_a_timer_that_is_due_at_once_again_and_again_is_stopped(loops: World, pause: str) -> None:
    loops.post("spin.start", "spin:1", {"pause": pause})
    while not first_dead_letters(loops.store).timers:
        loops.clock.advance(timedelta(seconds=1))
        assert loops.engine.fire().decided == 1
    (dead,) = first_dead_letters(loops.store).timers
    assert "spin.turn (timer next) <- spin.turn (timer next)" in str(dead.error)
    assert len(loops.moves("spin:1")) == FEW


def test_a_timer_that_leaves_a_second_goes_on_for_ever(loops: World) -> None:
    loops.post("spin.start", "spin:1", {"pause": "PT1S"})
    for _ in range(FEW + 1):
        loops.clock.advance(timedelta(seconds=1))
        assert loops.engine.fire().decided == 1
    assert hops_of_timer(loops) is None


def test_what_comes_from_outside_begins_anew_however_much_there_is(loops: World) -> None:
    loops.post("lamp.press", "lamp:1", {"level": 1})
    loops.engine.accept([loops.event("lamp.press", "lamp:1", {"level": n % 2}) for n in range(FEW + 50)])
    with loops.store.connect() as connection:
        assert set(connection.scalars(select(inbox.c.hops))) == {None}
    loops.settle()
    assert first_dead_letters(loops.store).events == []
