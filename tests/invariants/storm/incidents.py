"""Incidents in the storm: something happens to many; a person or a condition joins them, all are told."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.invariants.storm.incident_words import CONDITIONS
from tests.invariants.storm.sight import Known
from tests.invariants.storm.values import ANSWERS, CUSTOMERS, LADDERS, PEOPLE
from tests.invariants.storm.world import StormyWorld
from workflow.scenarios.stage import Role

_NAMES = ("north", "south")
_ACTS = ("join", "split", "tell", "plan", "solve", "document", "burst")
_WEIGHTS = (5, 3, 3, 2, 1, 1, 2)


def act(world: StormyWorld, dice: Random) -> None:
    """Somebody declares an incident, or does something about one that there is."""
    there = [one for one in world.subjects.values() if one.lifecycle == "incident" and not one.closed]
    free = [name for name in _NAMES if f"incident:{name}" not in world.subjects]
    if free and (not there or dice.random() < 0.1):
        _declare(world, dice.choice(free), dice)
    elif there:
        _about(world, dice.choice(there), dice)


def _declare(world: StormyWorld, name: str, dice: Random) -> None:
    said: dict[str, Any] = {"words": "The power is out", "says": "Your power is out", "owner": _person(dice)}
    if dice.random() < 0.7:
        said["match"] = dice.choice(CONDITIONS)
    if dice.random() < 0.7:
        said["ladder"] = dice.choice(LADDERS)
    _say(world, f"incident:{name}", "declare", said, dice)


def _about(world: StormyWorld, incident: Known, dice: Random) -> None:
    trigger = dice.choices(_ACTS, _WEIGHTS)[0]
    if trigger == "burst":
        return _burst(world, dice)
    said: dict[str, Any] = {"words": dice.choice(("We are at it", "An hour more", "It is back"))}
    if trigger in ("join", "split"):
        cases = [one.key for one in world.subjects.values() if one.lifecycle == "case"]
        if not cases:
            return None
        said["case"] = dice.choice(cases[-8:])
        if trigger == "join":
            del said["words"]
    elif trigger == "plan":
        halves = dice.choice((("fix",), ("prevent",), ("fix", "prevent"), ("fix", "prevent")))
        said |= dict.fromkeys(halves, "a new line")
        if dice.random() < 0.5:
            del said["words"]
    elif trigger == "document":
        said = dict(ANSWERS)
    return _say(world, incident.key, trigger, said, dice)


def _burst(world: StormyWorld, dice: Random) -> None:
    """Several come within minutes, whom one colleague answers for."""
    owner = _person(dice)
    for number in range(dice.choice((2, 3))):
        said = {
            "customer": dice.choice(CUSTOMERS), "words": "No power", "part": "power", "owner": owner,
            "ladder": LADDERS[0], "pace": {"first_word": "PT10M"},
        }  # fmt: skip
        world.send(f"case:burst-{world.number()}-{number}", "open", said)


def _person(dice: Random) -> Any:
    return dice.choice(PEOPLE)


def _say(world: StormyWorld, key: str, trigger: str, said: dict[str, Any], dice: Random) -> None:
    role: Role = dice.choice(("system", "supervisor"))
    if trigger != "declare" and dice.random() < 0.8:
        said["by"] = _person(dice)
    world.send(key, trigger, said, role)
