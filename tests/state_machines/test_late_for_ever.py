"""What was late or missed is counted so for ever, although it is withdrawn afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.subject import split_key
from tests.state_machines.story_world import World, in_

ANNA, ZOE = "anna@shop.example", "zoe@shop.example"
CHRIS = {"name": "Chris", "phone": "+49 30 1234", "email": "chris@home.example", "zone": "Europe/Berlin"}
WINDOW = {"from": in_("PT1H"), "to": in_("PT2H")}
OPENED: dict[str, tuple[str, dict[str, Any]]] = {
    "promise:P-1": ("make", {"words": "A call", "owner": ANNA, "within": "PT2H"}),
    "appointment:A-1": ("book", {"about": "The modem", "customer": CHRIS, "owner": ANNA, "window": WINDOW}),
    "approval:V-1": (
        "request",
        {"words": "20 back", "what": "refund", "by": ANNA, "ladder": [{"people": [ZOE]}], "within": "PT2H"},
    ),
    "callback:C-1": ("request", {"customer": CHRIS, "words": "Please call", "due_at": in_("PT2H")}),
}
ENDED = [
    ("promise:P-1", "keep", "kept", "late"),
    ("appointment:A-1", "arrived", "kept", "late"),
    ("appointment:A-1", "done", "kept", "late"),
    ("approval:V-1", "grant", "kept", "late"),
    ("callback:C-1", "reached", "kept", "late"),
    ("promise:P-1", "withdraw", "withdrawn", "lapsed"),
    ("appointment:A-1", "withdraw", "withdrawn", "lapsed"),
    ("appointment:A-1", "cancel", "withdrawn", "lapsed"),
    ("approval:V-1", "withdraw", "withdrawn", "lapsed"),
    ("callback:C-1", "withdraw", "withdrawn", "lapsed"),
]


def counted(world: World, key: str) -> str | None:
    """As what the barometer counts it."""
    barometer = world.lifecycles[split_key(key)[0]].barometer
    assert barometer is not None
    return barometer.read(world.subjects[key]).outcome


def lived(key: str, waited: str) -> World:
    """It was opened so long ago."""
    world = World()
    trigger, data = OPENED[key]
    world.send(key, trigger, **data)
    world.wait(waited)
    assert world.refused == []
    return world


@pytest.mark.parametrize(("key", "trigger", "in_time", "late"), ENDED)
def test_late_is_late_for_ever_however_it_ends(key: str, trigger: str, in_time: str, late: str) -> None:
    for waited, before, after in (("PT1H", "open", in_time), ("PT3H", "lapsed", late)):
        world = lived(key, waited)
        assert counted(world, key) == before
        world.send(key, trigger, reason="it is no longer needed", by=ZOE, standing="asked")
        assert counted(world, key) == after
        assert world.refused == []
