"""Turns between timers and events: neither waits for more than a batch of the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.workflow.world import World
from workflow.engine.turns import AT_ONCE, EVENTS, TIMERS, Turns
from workflow.settings import Settings
from workflow.store.port import EffectRow

HOUR = timedelta(hours=1)


def lamps(world: World, names: Sequence[str], **event: object) -> None:
    """Switch lamps on, or off at level 0; what was accepted waits."""
    data = {"level": 3} | event
    world.engine.accept([world.event("lamp.press", f"lamp:{name}", data) for name in names])


def order(world: World) -> list[str]:
    """Triggers in the order in which they were decided."""
    with world.store.connect() as connection:
        return list(connection.exec_driver_sql("select trigger from moves order by id").scalars())


def test_a_burst_of_events_delays_no_timer_by_more_than_a_batch(world: World) -> None:
    lamps(world, ["old"])
    world.settle()
    world.clock.advance(HOUR)
    lamps(world, [f"new{number}" for number in range(50)])
    Turns(world.engine, Settings(event_batch=10, timer_batch=10)).until_quiet(60)
    assert order(world).index("burn_out") <= 11


def test_a_flood_of_timers_lets_events_through(world: World) -> None:
    lamps(world, [f"old{number}" for number in range(50)])
    world.settle()
    world.clock.advance(HOUR)
    lamps(world, ["new"])
    Turns(world.engine, Settings(event_batch=10, timer_batch=10)).until_quiet(60)
    decided = order(world)[50:]
    assert decided.index("press") <= 10
    assert decided.count("burn_out") == 50


def test_what_a_flood_of_timers_leads_to_waits_for_some_of_its_batches_and_not_for_all(world: World) -> None:
    due = (world.clock.now() + HOUR).isoformat()
    promise = {"words": "we call", "owner": "ana@shop.example", "due_at": due}
    world.engine.accept([world.event("promise.make", f"promise:{number}", promise) for number in range(100)])
    world.settle()
    world.clock.advance(2 * HOUR)
    turns = Turns(world.engine, Settings(event_batch=10, timer_batch=10))
    turns.turn()
    lamps(world, ["new"])
    turns.until_quiet(60)
    decided = order(world)
    decided = decided[decided.index("warn") :]
    assert decided.index("press") <= 20, "it came from outside"
    timers_before = [one for one in decided[: decided.index("open")] if one in ("warn", "lapse")]
    assert 100 < len(timers_before) < 200
    assert (decided.count("lapse"), decided.count("open")) == (100, 100)


def test_what_comes_from_outside_does_not_wait_for_all_that_decisions_have_led_to(world: World) -> None:
    """As many wait as after a flood: a batch of them and no more is decided before it."""
    promise = {"words": "we call", "owner": "ana@shop.example", "within": "PT1H"}
    world.engine.accept([world.event("promise.make", f"promise:{number}", promise) for number in range(100)])
    world.settle()
    world.clock.advance(2 * HOUR)
    while world.engine.fire().decided:
        pass
    lamps(world, ["new"])
    Turns(world.engine, Settings(event_batch=10, timer_batch=10)).until_quiet(60)
    decided = order(world)
    assert decided[decided.index("open") :].index("press") <= 10


def test_few_tasks_are_published_at_once_and_many_are_left_to_the_relay(world: World) -> None:
    published: list[EffectRow] = []

    def publish(rows: Sequence[EffectRow]) -> bool:
        published.extend(rows)
        return True

    for count in (AT_ONCE, AT_ONCE + 1):
        lamps(world, [f"{count}-{number}" for number in range(count)])
        world.settle()
        world.clock.advance(HOUR)
        summary = Turns(world.engine, Settings(), publish).until_quiet(60)
        assert summary.decided == count
        assert (summary.published, summary.effects) == ((count, 0) if count == AT_ONCE else (0, count))
    assert len(published) == AT_ONCE
    states = [effect.state for effect in world.effects()]
    assert (states.count("published"), states.count("pending")) == (AT_ONCE, AT_ONCE + 1)
    (token,) = {row.token for row in published}
    assert {effect.attempts for effect in world.effects() if effect.token == token} == {1}


def test_who_listens_asks_for_nothing_that_cannot_be_there(world: World) -> None:
    turns = Turns(world.engine, Settings())
    assert turns.turn() == 0
    lamps(world, ["L"])
    assert turns.turn() == 0, "nobody has said that there are events"
    turns.expect({EVENTS})
    assert turns.turn() == 1
    assert turns.next_due == world.clock.now() + HOUR, "of the timer that was just set"
    world.clock.advance(HOUR)
    assert turns.due
    assert turns.turn() == 1
    assert (turns.next_due, turns.turn()) == (None, 0)
    lamps(world, ["M"])
    world.settle()
    world.clock.advance(HOUR)
    assert turns.turn() == 0, "set by somebody else"
    turns.expect({TIMERS})
    assert turns.turn() == 1


def test_who_stands_by_goes_on_while_a_lifecycle_has_had_no_more_than_its_share(world: World) -> None:
    lamps(world, [f"old{number}" for number in range(9)])
    due = (world.clock.now() + HOUR).isoformat()
    promise = {"words": "we call", "owner": "ana@shop.example", "due_at": due}
    world.engine.accept([world.event("promise.make", "promise:P", promise)])
    world.settle()
    world.clock.advance(2 * HOUR)
    turns = Turns(world.engine, Settings(event_batch=10, timer_batch=8))
    taken = turns.turn()
    assert taken < 8, "two lifecycles share the batch, and one of them has little"
    assert turns.timers, "so that more timers are due, whatever the next one that is not due yet"


def test_notices_are_published_at_once_however_many_they_are(world: World) -> None:
    due = (world.clock.now() + HOUR).isoformat()
    promise = {"words": "we call", "owner": "ana@shop.example", "due_at": due}
    many = 2 * AT_ONCE
    world.engine.accept([world.event("promise.make", f"promise:{one}", promise) for one in range(many)])
    world.settle()
    before = {effect.key for effect in world.effects()}
    world.clock.advance(2 * HOUR)
    published: list[EffectRow] = []
    Turns(world.engine, Settings(), lambda rows: not published.extend(rows)).until_quiet(60)
    asked = {effect.key: effect.state for effect in world.effects() if effect.key not in before}
    assert len(asked) == many and set(asked.values()) == {"published"}
    assert {row.key for row in published} == asked.keys() and {row.kind for row in published} == {"notice"}


def test_what_a_turn_asked_for_is_published_together_and_held_under_one_token(world: World) -> None:
    """One that lapses asks for notices by a timer, one whose customer is thankful by an event."""
    customer = {"name": "Ada", "email": "ada@example.com"}
    for name, within in (("soon", "PT1H"), ("later", "PT9H")):
        promise = {"words": "we call", "owner": "ana@shop.example", "within": within, "customer": customer}
        world.engine.accept([world.event("promise.make", f"promise:{name}", promise)])
    world.settle()
    world.clock.advance(HOUR)
    world.engine.accept([world.event("promise.thanks", "promise:later", {"words": "Thank you"})])
    published: list[list[EffectRow]] = []
    turns = Turns(world.engine, Settings(), lambda rows: not published.append(list(rows)))
    turns.turn()
    (together,) = published
    assert {row.key.partition("/")[0] for row in together} == {"promise:soon", "promise:later"}
    assert len({row.token for row in together}) == 1
    while turns.full_turn():
        pass
    assert len({rows[0].token for rows in published}) == len(published)


def test_what_is_committed_is_published_though_the_next_batch_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamps(world, ["L"])
    world.settle()
    world.clock.advance(HOUR)

    def apply(*_: object, **__: object) -> None:
        raise OSError("the database is gone")

    monkeypatch.setattr(type(world.engine), "apply", apply)
    published: list[EffectRow] = []
    turns = Turns(world.engine, Settings(), lambda rows: not published.extend(rows))
    with pytest.raises(OSError, match="gone"):
        turns.turn()
    assert [row.state for row in world.effects()] == ["published"]
    assert len(published) == 1


def test_what_turns_with_much_to_decide_ask_for_is_gathered(world: World) -> None:
    """A message for each of them would cost more than what it has; a turn with little holds nothing back."""
    published: list[list[EffectRow]] = []
    turns = Turns(world.engine, Settings(), lambda rows: not published.append(list(rows)))

    def lapse(names: Sequence[str]) -> int:
        due = (world.clock.now() + HOUR).isoformat()
        promise = {"words": "we call", "owner": "ana@shop.example", "due_at": due}
        world.engine.accept([world.event("promise.make", f"promise:{name}", promise) for name in names])
        world.settle()
        world.clock.advance(HOUR)
        turns.expect({TIMERS})
        return turns.turn(gather=3600.0)

    assert 0 < lapse(["first"]) <= AT_ONCE
    assert len(published) == 1
    for some in range(2):
        assert lapse([f"{some}-{one}" for one in range(AT_ONCE + 1)]) > AT_ONCE
    assert len(published) == 1
    turns.publish()
    (_, gathered) = published
    assert len(gathered) > 2 * AT_ONCE and len({row.token for row in gathered}) == 1
    turns.publish()
    assert len(published) == 2
