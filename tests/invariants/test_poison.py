"""Invariants 1 and 12: one event that cannot be decided or written is a dead letter, never an outage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from state_machines.definitions.data_rules import DataRule
from tests.invariants.contents import contents
from tests.workflow.world import LAMP, World, new_world
from workflow.engine.registry import Registry
from workflow.errors import UnknownDefinition
from workflow.maintenance.dead_letters import retry_event
from workflow.store import document_sizes

ODD = """
lifecycle: odd
version: 1
triggers:
  go: {}
  tell: {}
  make: {data: {id: {type: string}}}
  deepen: {}
  ring: {}
  clear: {}
  send: {}
states:
  - {name: 'on', timeouts: {bell: {every: PT1H, on_timeout: ring}}}
transitions:
  - {trigger: go, source: initial, dest: 'on', set: {x: =1}}
  - {trigger: tell, source: 'on', effects: [{emit: {to: parent, trigger: anything}}]}
  - trigger: make
    source: 'on'
    effects: [{open: {lifecycle: lamp, trigger: press, id: =event.data.id, data: {level: 1}}}]
  - {trigger: deepen, source: 'on', set: {x: "={'y': data.x}"}}
  - {trigger: clear, source: 'on', set: {x: =1}}
  - trigger: send
    source: 'on'
    effects: [{task: {name: a.b, args: ["={'a': {'b': {'c': {'d': data.x}}}}"]}}]
  - {trigger: ring, source: 'on', set: {x: "={'y': data.x}"}}
"""
JSON_DEPTH = 254
"""What the JSON library writes at most."""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With a lifecycle that can be led astray."""
    world = new_world(database_url, LAMP, ODD)
    world.post("odd.go", "odd:1")
    yield world
    world.store.close()


def among_others(world: World, *events: Any) -> None:
    """Apply events in one batch with others before and after; those must come to no harm."""
    before, after = (world.event("lamp.press", f"lamp:{name}", {"level": 3}) for name in ("before", "after"))
    world.engine.accept([before, *events, after])
    world.settle()
    assert (world.state("lamp:before"), world.state("lamp:after")) == ("on", "on")


@pytest.mark.parametrize("identity", ["two words", "x" * 300, "", "line\nbreak"])
def test_a_computed_key_that_is_none(world: World, identity: str) -> None:
    event = world.event("odd.make", "odd:1", {"id": identity}, id="bad")
    among_others(world, event)
    (dead,) = contents(world.store)["inbox"]
    assert dead["subject"] == "odd:1" and dead["error"]
    assert world.engine.accept([event])[0].outcome == "dead"


def test_data_that_grew_too_deep_to_be_written(world: World) -> None:
    depth = JSON_DEPTH + 3
    among_others(world, *(world.event("odd.deepen", "odd:1") for _ in range(depth)))
    found = contents(world.store)
    assert 0 < len(found["inbox"]) < 10
    decided = [move for move in found["moves"] if move["subject"] == "odd:1"]
    assert len(decided) == 1 + depth - len(found["inbox"]), "all the others were decided"
    assert sorted(move["seq"] for move in decided) == list(range(1, len(decided) + 1))


def test_who_comes_after_what_could_not_be_written_finds_the_subject_as_it_was(world: World) -> None:
    """Its data can just be written; an effect that carries them cannot."""
    world.engine.accept([world.event("odd.deepen", "odd:1") for _ in range(JSON_DEPTH - 2)])
    world.settle()
    among_others(world, *(world.event(f"odd.{trigger}", "odd:1") for trigger in ("send", "clear", "deepen")))
    found = contents(world.store)
    assert (len(found["inbox"]), found["outbox"]) == (1, [])
    assert world.data("odd:1") == {"x": {"y": 1}}
    numbers = sorted(move["seq"] for move in found["moves"] if move["subject"] == "odd:1")
    assert numbers == list(range(1, JSON_DEPTH + 2))


@pytest.mark.parametrize(
    ("data", "message", "said"),
    [(30, 1_000, "the subject's data: "), (1_000, 30, "what an effect carries: ")],
)
def test_data_that_grew_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch, data: int, message: int, said: str
) -> None:
    monkeypatch.setattr(document_sizes, "MOST_DATA", data)
    monkeypatch.setattr(document_sizes, "MOST_MESSAGE", message)
    triggers = ("deepen", "deepen", "deepen", "deepen", "send")
    among_others(world, *(world.event(f"odd.{trigger}", "odd:1") for trigger in triggers))
    (dead,) = contents(world.store)["inbox"]
    assert f"TooLarge: {said}" in dead["error"]
    world.post("odd.clear", "odd:1")
    assert world.data("odd:1") == {"x": 1}, "who comes later is decided"


def test_a_timer_whose_decision_cannot_be_written(world: World) -> None:
    world.engine.accept([world.event("odd.deepen", "odd:1") for _ in range(JSON_DEPTH + 3)])
    world.settle()
    world.post("lamp.press", "lamp:other", {"level": 3})
    due = world.timers("lamp:other")["on"]
    assert due is not None
    world.clock.move_to(due)
    while world.engine.fire().decided:
        pass
    assert world.state("lamp:other") == "broken"
    (dead,) = [timer for timer in contents(world.store)["timers"] if timer["dead_at"] is not None]
    assert (dead["subject"], dead["name"], dead["due_at"]) == ("odd:1", "bell", None)


def test_a_parent_of_no_lifecycle_that_there_is_hears_nothing(world: World) -> None:
    world.post("odd.go", "odd:2", parent="nosuch:1")
    among_others(world, world.event("odd.tell", "odd:2"))
    assert contents(world.store)["inbox"] == []


@pytest.mark.parametrize("due_at", ["0026-03-02T10:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_slip_of_the_pen_in_a_year(world: World, due_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite instants are text: a year of two digits must not fall behind one of four.

    The door refuses such a year by now; it may stand in the ledger of an installation that is older.
    """
    monkeypatch.setattr(DataRule, "problems_of_new", DataRule.problems)
    data = {"words": "w", "owner": "o", "due_at": due_at}
    among_others(world, world.event("promise.make", "promise:1", data))
    while world.engine.fire().decided:
        world.settle()
    assert world.state("promise:1") == ("made" if due_at.startswith("9") else "lapsed")


def test_the_first_and_the_last_instant_there_are_whatever_the_servers_zone(world: World) -> None:
    with world.store.begin() as transaction:
        if world.store.dialect == "postgresql":
            name = transaction.connection.execute(text("select current_database()")).scalar_one()
            transaction.connection.execute(text(f"alter database {name} set timezone = 'Asia/Tokyo'"))
    world.store.close()  # so that new connections are made
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    among_others(world, *(world.event("odd.deepen", "odd:1", time=end) for end in ends))
    assert contents(world.store)["inbox"] == []


class _Away(Registry):
    """As if the database were away when a definition is looked up."""

    away = True

    def get(self, name: str, version: int) -> Any:
        if self.away:
            raise OperationalError("select", {}, Exception("connection refused"))
        return super().get(name, version)


def test_an_event_is_no_dead_letter_because_the_database_was_away(world: World) -> None:
    registry = _Away(world.store)
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 3})])
    world.engine.registry = registry
    with pytest.raises(OperationalError):
        world.engine.apply()
    assert [row["error"] for row in contents(world.store)["inbox"]] == [None]
    registry.away = False
    world.settle()
    assert world.state("lamp:1") == "on"


def test_a_definition_that_is_gone_is_the_events_misfortune_and_can_be_mended(world: World) -> None:
    with world.store.begin() as transaction:
        transaction.connection.execute(text("update subjects set version = 7 where key = 'odd:1'"))
    with pytest.raises(UnknownDefinition):
        world.engine.registry.get("odd", 7)
    among_others(world, world.event("odd.deepen", "odd:1"))
    assert [row["subject"] for row in contents(world.store)["inbox"]] == ["odd:1"]
    with world.store.begin() as transaction:
        transaction.connection.execute(text("update subjects set version = 1 where key = 'odd:1'"))
        row = transaction.connection.execute(text("select event_id from inbox")).scalar_one()
    retry_event(world.store, row)
    world.settle()
    assert world.data("odd:1") == {"x": {"y": 1}}
