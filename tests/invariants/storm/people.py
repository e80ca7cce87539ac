"""Customers in the storm: two are one, or are not; numbers become somebody else's, and nobody is there."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.invariants.storm.values import ACCOUNTS, CUSTOMERS, PEOPLE
from tests.invariants.storm.world import StormyWorld

_ACTS = ("writes", "same account", "merge", "separate", "verdict", "release", "bounce")
_WEIGHTS = (6, 2, 4, 3, 1, 0.7, 3)
_LETTERS = "ABC"


def act(world: StormyWorld, dice: Random) -> None:
    """Something is said of who a customer is, or of how they are reached."""
    what = dice.choices(_ACTS, _WEIGHTS)[0]
    key = f"customer:customer-{dice.choice(_LETTERS)}"
    if what == "writes":
        said = {"words": "It does not work", "owner": dice.choice(PEOPLE)}
        if dice.random() < 0.2:
            said |= {"headers": {"Auto-Submitted": "auto-replied"}}
        world.send(key, "reach_out", said)
    elif what == "same account":
        world.send(key, "known", {**dice.choice(CUSTOMERS), "account": dice.choice(ACCOUNTS)})
    elif what == "merge":
        into = f"customer:customer-{dice.choice(_LETTERS)}"
        _at_desk(world, f"customers/{key}/merge", {"into": into}, dice)
    elif what == "separate":
        _separate(world, dice)
    elif what == "verdict":
        likely = [
            one.key for one in world.subjects.values() if (one.lifecycle, one.state) == ("likeness", "likely")
        ]
        if likely:
            _at_desk(
                world, f"likenesses/{dice.choice(likely)}/{dice.choice(('merge', 'not_the_same'))}", {}, dice
            )
    elif what == "release":
        _release(world, dice)
    else:
        _bounce(world, dice)


def _separate(world: StormyWorld, dice: Random) -> None:
    merged = [one for one in world.subjects.values() if (one.lifecycle, one.state) == ("customer", "merged")]
    if not merged:
        return
    one = dice.choice(merged)
    if dice.random() < 0.7:
        _at_desk(world, f"customers/{one.key}/separate", {}, dice)
    else:  # said of the older one
        _at_desk(world, f"customers/{one.data['into']}/separate", {"customer": one.key}, dice)


def _release(world: StormyWorld, dice: Random) -> None:
    bound = [one for one in world.subjects.values() if (one.lifecycle, one.state) == ("identity", "bound")]
    if bound:
        one = dice.choice(bound)
        said = {"customer": dice.choice(one.data["holders"])["customer"]} if dice.random() < 0.5 else {}
        world.send(one.key, "release", said, "operator")


def _bounce(world: StormyWorld, dice: Random) -> None:
    """Nobody is there any more, says the channel of a message to a customer."""
    sent = [one for one in world.installation.notices() if isinstance(one.to, Mapping) and one.to.get("key")]
    if sent:
        world.report(dice.choice(sent[-6:]), dice.choice(("failed", "ended")), "5.1.1")


def _at_desk(world: StormyWorld, path: str, said: Mapping[str, str], dice: Random) -> None:
    world.at_desk(f"/v1/desk/{path}", {**said, "by": dice.choice(PEOPLE), "reason": "so they say"})
