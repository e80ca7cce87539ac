"""The guide of lifecycles cannot rot: each of its steps is a whole definition, and the last one is played."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from state_machines.catalog import load_catalog
from state_machines.check import check
from state_machines.decision import Outcome
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.form.source import parse
from tests.examples.pages import definitions
from tests.state_machines.story_world import World, in_

STEPS = definitions("lifecycles.md")
KEY, PROMISE = "repair:17", "promise:17-ready"
ADA = {"name": "Ada", "email": "ada@example.com", "language": "de", "zone": "Europe/Berlin"}


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_is_a_whole_definition(number: int) -> None:
    assert check(STEPS[number - 1], "repair.yaml") == []


def test_the_steps_grow_from_ten_lines_to_a_second_version() -> None:
    assert len(STEPS) == 11
    assert STEPS[0].count("\n") <= 10
    assert [parse(one)[0].version for one in STEPS] == [1] * 10 + [2]
    assert all(parse(one)[0].edition == 3 for one in STEPS)


PAGES = ["notices.md", *(f"howto/add-{one}.md" for one in ("a-channel", "a-lifecycle", "an-effect"))]


@pytest.mark.parametrize("page", PAGES)
def test_the_definitions_of_another_page_are_without_fault(page: str) -> None:
    found = definitions(page)
    assert found
    ours = [one.replace("channel: fax", "channel: email") for one in found]  # which that page adds
    assert [check(one, page) for one in ours] == [[] for _ in found]
    assert all(parse(one)[0].edition in (2, 3) for one in ours)


@pytest.fixture
def world() -> World:
    """Where the last step is lived, with a bicycle that has been brought."""
    repair: Mapping[str, Lifecycle] = {"repair": load(STEPS[-1])}
    world = World(lifecycles={**load_catalog(), **repair})
    world.send(
        KEY, "bring", customer=ADA, thing="bicycle", due_at=in_("P2D"), owner={"email": "olga@shop.example"}
    )
    return world


def test_it_is_repaired_in_time_fetched_and_somebody_says_thanks(world: World) -> None:
    assert world.state(PROMISE) == "made" and world.data(PROMISE)["due_at"] == in_("P2D")
    for cost in (30, 25):
        world.send(KEY, "work", by="sam@shop.example", found="a nail", cost=cost)
    assert world.send(KEY, "work", by="sam@shop.example", found="rust", cost=50).outcome is Outcome.REFUSED
    assert "worth_it" in str(world.refused.pop()[1].reason)
    world.send(KEY, "finish")
    (told,) = world.notices("news")
    assert told.notice.title == "Fertig: bicycle" and "55,00" in told.notice.words
    assert (world.state(PROMISE), world.state(KEY)) == ("kept", "ready")
    world.wait("P8D")
    assert len(world.notices("reminder")) == 1
    world.send(KEY, "fetch")
    (task,) = world.tasks
    assert (task.task, dict(task.kwargs)) == ("till.charge", {"repair": "17", "amount": 55})
    assert not task.repeatable
    world.send(KEY, "paid")
    world.send(KEY, "thank", words="It rides like new")
    assert world.state(KEY) == "gone" and world.data(KEY)["thanks"] == ["It rides like new"]
    assert [one.notice.to for one in world.notices("thanks")] == ["sam@shop.example"]
    assert world.refused == [] and not world.data(KEY)["late"]


def test_a_promise_that_lapses_makes_it_late(world: World) -> None:
    world.wait("P3D")
    assert world.state(PROMISE) == "lapsed" and world.data(KEY)["late"]
    world.send(KEY, "finish")
    assert world.state(PROMISE) == "kept_late" and world.refused == []
