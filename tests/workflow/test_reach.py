"""`makegood doctor` says where nobody would hear: the last resort, and what open ladders name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from state_machines.values.instants import format_instant
from tests.workflow.world import NOW, World, new_world
from workflow.recovery.authority.reach import last_resort, unheard
from workflow.recovery.vocabulary import register


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With the catalog."""
    register()
    world = new_world(database_url)
    yield world
    world.store.close()


def escalate(world: World, name: str, *levels: dict[str, Any]) -> None:
    world.post("escalation.open", f"escalation:{name}", {"words": "w", "ladder": list(levels)})
    world.settle()


def shift(begin: int, end: int, *people: str) -> dict[str, Any]:
    """A shift from so many hours from now to so many."""
    at = [format_instant(NOW + timedelta(hours=hours)) for hours in (begin, end)]
    return {"from": at[0], "to": at[1], "people": list(people)}


def test_the_last_resort_is_missed_as_soon_as_something_is_opened(world: World) -> None:
    well, words = last_resort(world.store, NOW)
    assert well and words.startswith("team:desk has not been set; nobody would hear")
    escalate(world, "E", {"people": ["ada@shop.example"]})
    assert not last_resort(world.store, NOW)[0]
    world.post("team.set", "team:desk", {"members": ["Zoe"]})
    world.settle()
    well, words = last_resort(world.store, NOW)
    assert not well and "team:desk has nobody with an address" in words
    world.post("team.set", "team:desk", {"members": ["Zoe", "zoe@shop.example"]})
    world.settle()
    assert last_resort(world.store, NOW) == (True, "team:desk has somebody with an address")


@pytest.mark.parametrize(
    ("level", "known", "fault"),
    [
        ({"team": "x"}, [], "team:x has not been set"),
        ({"team": "x"}, [("team.set", {"members": ["a@shop.example"]}), ("team.dissolve", {})],
         "team:x is dissolved"),
        ({"team": "x"}, [("team.set", {"members": ["Ada"]})], "team:x has nobody with an address"),
        ({"rotation": "x"},
         [("rotation.set", {"shifts": [shift(-1, 9, "a@shop.example")]}), ("rotation.retire", {})],
         "rotation:x is retired"),
        ({"rotation": "x"}, [("rotation.set", {"shifts": [shift(-9, -1, "a@shop.example")]})],
         "rotation:x has run out"),
        ({"rotation": "x"}, [("rotation.set", {"shifts": [shift(1, 9, "a@shop.example")]})],
         f"rotation:x has nobody on duty until {format_instant(NOW + timedelta(hours=1))}"),
        ({"rotation": "x"}, [("rotation.set", {"shifts": [shift(-1, 9, "Ada")]})],
         "rotation:x has nobody with an address on duty"),
        ({"people": ["ada@shop.example"], "outside": "team:x",
          "hours": {"zone": "UTC", "weekly": {"sun": ["00:00-00:01"]}}}, [], "team:x has not been set"),
    ],
)  # fmt: skip
def test_a_ladder_that_leads_to_nobody_is_said(
    world: World, level: dict[str, Any], known: list[tuple[str, dict[str, Any]]], fault: str
) -> None:
    for event, data in known:
        world.post(event, f"{event.partition('.')[0]}:x", data)
    escalate(world, "E", level, {"people": ["ada@shop.example"]})
    assert unheard(world.store, NOW) == (False, f"{fault} (1 ladders name it)")
    world.post("escalation.resolve", "escalation:E", {"by": "ada@shop.example"})
    world.settle()
    assert unheard(world.store, NOW)[0], "of what has ended nobody need hear"


def test_a_ladder_that_leads_to_somebody_is_well(world: World) -> None:
    world.post("team.set", "team:x", {"members": ["ada@shop.example"]})
    world.post("rotation.set", "rotation:x", {"shifts": [shift(-1, 9, "a@shop.example")]})
    escalate(world, "E", {"team": "x"}, {"rotation": "x"})
    assert unheard(world.store, NOW) == (
        True, "2 teams and rotations are named by open ladders, and each has somebody"
    )  # fmt: skip
