"""Receipts of other people's tasks: the effect is settled once, and its subject hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.workflow.world import World, new_world
from workflow.errors import NotFound
from workflow.outbox import effects as outbox
from workflow.outbox.receipts import TaskOutcome, record

ORDER = """
lifecycle: order
version: 1
data: {}
triggers:
  place: {data: {said: {type: boolean, required: true}}}
  packed: {data: {result: {type: object, required: true}}}
  lost: {data: {error: {type: string, required: true}}}
states:
  - {name: placed}
  - {name: packed, final: true}
  - {name: lost, final: true}
transitions:
  - trigger: place
    source: initial
    dest: placed
    effects:
      - task: {name: depot.pack, queue: depot, succeeded: packed, failed: lost}
        when: event.data.said
      - task: {name: depot.count, queue: depot}
        when: "!event.data.said"
  - {trigger: packed, source: placed, dest: packed}
  - {trigger: lost, source: placed, dest: lost}
"""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With orders, on each store."""
    world = new_world(database_url, ORDER)
    yield world
    world.store.close()


def published(world: World, *, said: bool) -> Any:
    """An order whose task has been sent."""
    world.post("order.place", "order:1", {"said": said})
    (row,) = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 10)
    return row


def take(world: World, key: str, outcome: TaskOutcome, said: dict[str, Any]) -> Any:
    """Record a receipt, apply what follows; the effect's row."""
    assert record(world.engine, key, outcome, said).subject == "order:1"
    world.settle()
    (effect,) = world.effects()
    return effect


@pytest.mark.parametrize(
    ("outcome", "said", "state"),
    [
        (TaskOutcome.SUCCEEDED, {"result": {"parcel": 7}}, "packed"),
        (TaskOutcome.FAILED, {"error": "the task failed"}, "lost"),
    ],
)
def test_a_receipt_settles_its_effect_and_moves_its_subject(
    world: World, outcome: TaskOutcome, said: dict[str, Any], state: str
) -> None:
    row = published(world, said=True)
    effect = take(world, row.key, outcome, said)
    assert world.state("order:1") == state
    assert (effect.state, effect.due_at, effect.receipt) == ("settled", None, {**said, "effect": row.key})


def test_the_first_receipt_counts(world: World) -> None:
    row = published(world, said=True)
    take(world, row.key, TaskOutcome.SUCCEEDED, {"result": {}})
    before = world.counts()
    effect = take(world, row.key, TaskOutcome.FAILED, {"error": "a copy of the message failed later"})
    assert (world.state("order:1"), effect.state, effect.receipt["result"]) == ("packed", "settled", {})
    assert world.counts() == before


def test_where_no_trigger_takes_it_success_settles_and_failure_is_a_dead_letter(world: World) -> None:
    row = published(world, said=False)
    effect = take(world, row.key, TaskOutcome.FAILED, {"error": "boom"})
    why = "the task depot.count failed, and no trigger takes that: boom"
    assert (effect.state, effect.error) == ("dead", why)
    effect = take(world, row.key, TaskOutcome.SUCCEEDED, {"result": 3})
    assert (effect.state, effect.receipt) == ("settled", {"result": 3})
    effect = take(world, row.key, TaskOutcome.FAILED, {"error": "boom"})
    assert effect.state == "settled", "what went well once did go well"


def test_a_receipt_that_the_definition_does_not_take_is_left_to_a_person(world: World) -> None:
    row = published(world, said=True)
    effect = take(world, row.key, TaskOutcome.SUCCEEDED, {"result": "secret words"})
    assert (world.state("order:1"), effect.state) == ("placed", "unknown")
    assert "its receipt is not what order.packed takes: data.result" in effect.error
    assert "secret words" not in effect.error


def test_a_receipt_for_nothing_says_so(world: World) -> None:
    with pytest.raises(NotFound, match="no effect has the key 'order:9/1/0'"):
        record(world.engine, "order:9/1/0", TaskOutcome.SUCCEEDED, {"result": None})
