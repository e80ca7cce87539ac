"""A definition that another makegood registered and this one cannot read: its subjects are left to others.

So it is after an upgrade that is taken back, and while two versions run.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from tests.workflow.world import LAMP, NOW, World
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry, digest
from workflow.errors import NotUnderstood
from workflow.store.port import Version
from workflow.store.schema import definitions, events, inbox, subjects, timers

READABLE = LAMP.replace("version: 1", "version: 2")
UNREADABLE = READABLE.replace("event.data.level == 0", "moon.is_full(event.data.level)")
NEWER = Version("lamp", 2)


def registered_elsewhere(world: World, text: str) -> None:
    """Version 2 of the lamp has this text."""
    row = {
        "lifecycle": "lamp", "version": 2, "digest": digest(text), "source": text, "registered_at": NOW,
    }  # fmt: skip
    with world.store.begin() as transaction:
        transaction.connection.execute(insert(definitions), row)


def lives_by_the_newer(world: World, key: str) -> None:
    with world.store.begin() as transaction:
        change = update(subjects).where(subjects.c.key == key).values(version=2)
        transaction.connection.execute(change)


def dead(world: World) -> int:
    """Dead letters, of events and timers."""
    with world.store.connect() as connection:
        return sum(
            connection.scalar(select(func.count()).where(table.c.dead_at.is_not(None))) or 0
            for table in (inbox, timers)
        )


def another_process(world: World, text: str) -> World:
    """One that reads this text as version 2."""
    with world.store.begin() as transaction:
        change = update(definitions).where(definitions.c.version == 2, definitions.c.lifecycle == "lamp")
        transaction.connection.execute(change.values(source=text))
    return replace(world, engine=Engine(world.store, Registry(world.store), world.clock))


def test_its_events_wait_for_who_understands_them_and_all_else_is_decided(world: World) -> None:
    for name in ("new", "old"):
        world.post("lamp.press", f"lamp:{name}", {"level": 1})
    registered_elsewhere(world, UNREADABLE)
    lives_by_the_newer(world, "lamp:new")
    world.engine.accept([world.event("lamp.press", f"lamp:{name}", {"level": 0}) for name in ("new", "old")])
    world.settle()
    assert world.engine.registry.not_understood == {NEWER}
    assert world.state("lamp:old") == "off"
    assert world.state("lamp:new") == "on"
    assert dead(world) == 0
    other = another_process(world, READABLE)
    other.settle()
    assert other.state("lamp:new") == "off"
    assert dead(world) == 0


def test_its_timers_wait_and_are_due_from_when_they_were(world: World) -> None:
    for name in ("new", "old"):
        world.post("lamp.press", f"lamp:{name}", {"level": 1})
    registered_elsewhere(world, UNREADABLE)
    lives_by_the_newer(world, "lamp:new")
    world.clock.move_to(NOW + timedelta(hours=2))
    while world.engine.fire().decided:
        pass
    assert world.state("lamp:old") == "broken"
    assert world.state("lamp:new") == "on"
    assert world.timers("lamp:new") == {"on": NOW + timedelta(hours=1)}
    other = another_process(world, READABLE)
    assert other.engine.fire().decided == 1
    assert other.state("lamp:new") == "broken"


SHADE = """
lifecycle: shade
version: 1
triggers: {draw: {}}
states: [{name: open}, {name: drawn, final: true}]
transitions:
  - {trigger: open, source: initial, dest: open}
  - trigger: draw
    source: open
    dest: drawn
    effects: [{emit: {to: parent, trigger: press, data: {level: 0}}}]
"""


def test_what_it_is_told_by_a_subject_that_is_understood_waits_as_well(world: World) -> None:
    """No process knows an older version of it, and so none here can say whether it hears of that."""
    bulb = UNREADABLE.replace("lifecycle: lamp", "lifecycle: bulb")
    row = {
        "lifecycle": "bulb", "version": 2, "digest": digest(bulb), "source": bulb, "registered_at": NOW,
    }  # fmt: skip
    with world.store.begin() as transaction:
        transaction.connection.execute(insert(definitions), row)
    world.engine.registry.register([(SHADE, None)], NOW)
    world.post("shade.open", "shade:1", parent="bulb:1")
    world.post("shade.draw", "shade:1")
    assert world.state("shade:1") == "drawn"
    assert dead(world) == 0
    with world.store.connect() as connection:
        waiting = connection.scalars(select(events.c.type).join(inbox, inbox.c.event_id == events.c.id)).all()
    assert waiting == ["bulb.press"]


def test_whoever_asks_for_it_hears_which_it_is(world: World) -> None:
    registered_elsewhere(world, UNREADABLE)
    registry = Registry(world.store)
    for _ in range(2):
        with pytest.raises(NotUnderstood, match="moon") as told:
            registry.get("lamp", 2)
        assert (told.value.lifecycle, told.value.version) == NEWER


def test_the_newest_that_is_known_is_the_newest_that_is_understood(world: World) -> None:
    registered_elsewhere(world, UNREADABLE)
    registry = world.engine.registry
    registry.take_up(["lamp"])
    assert registry.latest("lamp").version == 1
    other = another_process(world, READABLE).engine.registry
    other.take_up(["lamp"])
    assert other.latest("lamp").version == 2
