"""One run of the storm, from a seed: played, judged, and made short if anything is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from state_machines.catalog import load_catalog
from state_machines.definitions.lifecycle import Lifecycle, load
from tests.invariants.storm.aftermath import after_it
from tests.invariants.storm.values import CUSTOMERS, LADDERS, OFFICE
from tests.invariants.storm.verdicts import Judge
from tests.invariants.storm.weather import step
from tests.invariants.storm.world import START, StormyWorld
from workflow.recovery import vocabulary
from workflow.scenarios.installation import Installation
from workflow.scenarios.stores import Stores

_HELPFUL = (0.2, 0.55)
"""How much of what happens is colleagues who do their work: in some worlds little, in others most."""


@dataclass(frozen=True, slots=True)
class Wind:
    """What a run is played with.

    Attributes:
        sources: definitions in place of the catalog's, (text of the bundle, file).
        among: these lifecycles and triggers from outside alone, and time; None: anything.
    """

    sources: Sequence[tuple[str, str]] = ()
    among: Mapping[str, Sequence[str]] | None = None


@dataclass(slots=True)
class Ran:
    """What a run brought.

    Attributes:
        found: in the order in which it was found; each begins with the name of its rule.
        told: what happened, step by step.
        story: a digest of all that was decided and sent.
    """

    seed: int
    found: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    story: str = ""
    numbers: list[int] = field(default_factory=list)


def numbers_of(seed: int, steps: int) -> list[int]:
    """The steps of a run, each a number."""
    dice = Random(seed)
    return [dice.getrandbits(40) for _ in range(steps)]


def run(
    seed: int, numbers: Sequence[int], stores: Stores, wind: Wind | None = None, *, wanted: str = ""
) -> Ran:
    """Play these steps in a fresh installation, up to the first finding in which the `wanted` words stand."""
    wind = wind or Wind()
    vocabulary.register()
    ran, judge = Ran(seed, numbers=list(numbers)), Judge()
    with world_in(stores, judge, wind) as world:
        helpful = _HELPFUL[seed % len(_HELPFUL)]
        if wind.among is None:
            _set_up(world)
        for place, number in enumerate(numbers):
            step(world, number, helpful, wind.among)
            judge.found += world.complaints
            world.complaints.clear()
            if any(wanted in one for one in judge.found):
                ran.numbers = list(numbers[: place + 1])
                break
        if wind.among is None and not any(wanted in one for one in judge.found):
            after_it(world, judge)
        ran.tally, ran.story, ran.told, ran.found = world.tally, world.story, world.told, judge.found
        ran.tally["subjects"] = len(world.subjects)
    return ran


@contextmanager
def world_in(stores: Stores, judge: Judge, wind: Wind) -> Iterator[StormyWorld]:
    """A fresh installation, at each instant of which this judge looks."""
    with stores.empty() as store, TemporaryDirectory(prefix="makegood-storm-") as directory:
        installation = Installation(store, Path(directory), START, wind.sources)
        try:
            world = StormyWorld(installation, _lifecycles(wind), lambda seen: judge.look(world, seen))
            yield world
        finally:
            installation.close()


def shortened(ran: Ran, stores: Stores, wind: Wind | None = None, most: int = 40) -> Ran:
    """The same finding with fewer steps, where it is found by leaving some out; `most` tries."""
    rule = ran.found[0].partition(":")[0]
    best, size = ran, max(1, len(ran.numbers) // 2)
    while most > 0 and size >= 1:
        place = 0
        while place < len(best.numbers) and most > 0:
            most -= 1
            fewer = best.numbers[:place] + best.numbers[place + size :]
            tried = run(ran.seed, fewer, stores, wind)
            if tried.found and tried.found[0].partition(":")[0] == rule:
                best = tried
            else:
                place += size
        size //= 2
    return best


def _lifecycles(wind: Wind) -> Mapping[str, Lifecycle]:
    changed = [load(text, file) for text, file in wind.sources]
    return {**load_catalog(), **{one.name: one for one in changed}}


def _set_up(world: StormyWorld) -> None:
    """What an operator has set before anything happens, and who is known."""
    by_operator: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("team:desk", "set", {"members": ["desk@shop.example"]}),
        ("team:team-A", "set", {"members": ["kim@shop.example"], "lead": "lead@shop.example"}),
        ("calendar:house", "set", {"hours": OFFICE}),
        (
            "rotation:rotation-A",
            "set",
            {
                "members": ["kim@shop.example", "lee@shop.example"],
                "handover": {"every": "P1D", "at": "09:00", "zone": "Europe/Berlin", "from": "2026-03-20"},
            },
        ),
        (
            "policy:policy-A",
            "set",
            {
                "title": "Credit", "text": "We credit what went wrong.", "eligible": "true",
                "owner": "owner@shop.example", "approvers": LADDERS[0],
                "grants": [{"role": "agent", "what": "credit", "up_to": 50}],
            },
        ),
    )  # fmt: skip
    for key, trigger, data in by_operator:
        world.send(key, trigger, data, "operator")
    for letter, customer in zip("AB", CUSTOMERS, strict=False):
        world.send(f"customer:customer-{letter}", "known", customer)
