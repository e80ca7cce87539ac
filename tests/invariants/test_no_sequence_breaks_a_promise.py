"""No sequence of events, of time and of work done makes the catalog break its word.

hypothesis plays: events from outside in any order, with good and with silly data; time passes; tasks
succeed and fail; channels take a message, refuse it, ask for patience or leave it open what became of it.
After each step `verdicts` looks for: an automated voice that apologises; a contact in quiet hours or
against an opt-out; a promise that is neither open nor settled; an open escalation with nobody next; a
callback that two agents hold; a lapsed promise without an escalation; a step asked for twice; a late
promise that is late no more; an event that could not be decided.

A small part runs by default. All of it, 500 runs of 200 steps:

    STORM=500x200 pytest -s tests/invariants/test_no_sequence_breaks_a_promise.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from state_machines.catalog import load_catalog, source
from state_machines.definitions.lifecycle import Lifecycle, load
from tests.invariants import stormy_world
from tests.invariants.stormy_events import event_for
from tests.invariants.stormy_world import StormyWorld
from tests.invariants.verdicts import Judge
from workflow.recovery.contact.policy import Go

RUNS, STEPS = map(int, os.environ.get("STORM", "6x50").split("x"))
_NUMBERS = st.integers(0, 2**40)
_MINUTES = st.sampled_from((1, 5, 20, 60, 180, 600))
_SHORT = 60
tally: Counter[str] = Counter()


class Storm(RuleBasedStateMachine):
    """Whatever can happen to the catalog."""

    lifecycles = load_catalog()

    def __init__(self) -> None:
        super().__init__()
        self.world = StormyWorld(self.lifecycles)
        self.judge = Judge()
        tally["runs"] += 1

    @initialize(luck=st.integers(0, 2**20))
    def begins(self, luck: int) -> None:
        """Some channels are lucky today and some are not."""
        self.world.luck = Random(luck)

    @rule(number=_NUMBERS)
    def happens(self, number: int) -> None:
        """One event through the front door."""
        self.world.happens(*event_for(self.world, number))

    @rule(number=_NUMBERS)
    def happens_too(self, number: int) -> None:
        """Events come more often than anything else."""
        self.happens(number)

    @rule(minutes=_MINUTES)
    def passes(self, minutes: int) -> None:
        """Time passes; what is due happens on the way."""
        self.world.passes(timedelta(minutes=minutes))

    @rule(place=st.integers(0, 20), well=st.booleans())
    def works(self, place: int, well: bool) -> None:
        """A worker has done a task, or could not."""
        if self.world.tasks:
            self.world.task_done(place, well)

    @invariant()
    def nothing_is_broken(self) -> None:
        """None of what must never be has come about."""
        tally["steps"] += 1
        assert self.judge.findings(self.world) == []

    def teardown(self) -> None:
        """What was seen, for the report."""
        tally["decisions"] += self.world.decided
        tally["messages"] += len(self.world.said)
        tally.update(f"{one.lifecycle}.{one.state}" for one in self.world.subjects.values())
        if tally["runs"] % 10 == 0:  # a full one takes long; -s shows how far it is
            print(tally["runs"], "runs,", tally["steps"], "steps", flush=True)  # noqa: T201


def _played(machine: type[RuleBasedStateMachine], runs: int, steps: int, **more: Any) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


@pytest.mark.timeout(120 + RUNS * STEPS)
def test_no_sequence_breaks_a_promise() -> None:
    tally.clear()
    _played(Storm, RUNS, STEPS)
    print(dict(sorted(tally.items())))  # noqa: T201 - the figures of the full run; shown by -s
    assert tally["decisions"] > RUNS


def _storm(
    lifecycles: Mapping[str, Lifecycle], seed: int, among: Mapping[str, list[str]] | None
) -> list[str]:
    """What a storm of plain chance among these events finds first; empty if it finds nothing."""
    dice = Random(seed)
    world, judge = StormyWorld(lifecycles, Random(seed)), Judge()
    for _ in range(_SHORT):
        if dice.random() < 0.75:
            world.happens(*event_for(world, dice.getrandbits(40), among))
        else:
            world.passes(timedelta(minutes=dice.choice((1, 20, 60, 180, 480))))
        if found := judge.findings(world):
            return found
    return []


def _finds(words: str, lifecycles: Mapping[str, Lifecycle], among: Mapping[str, list[str]]) -> bool:
    return any(words in line for seed in range(60) for line in _storm(lifecycles, seed, among))


def _changed(name: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Lifecycle]:
    """The catalog with one definition broken."""
    first, *words = source(name).split("\n---")
    document = yaml.safe_load(first)
    change(document)
    text = "\n---".join([yaml.safe_dump(document, sort_keys=False), *words])
    return {**load_catalog(), name: load(text, f"{name}.yaml")}


def _of(document: dict[str, Any], trigger: str) -> list[dict[str, Any]]:
    return [one for one in document["transitions"] if one["trigger"] == trigger]


def _no_escalation(promise: dict[str, Any]) -> None:
    for one in _of(promise, "lapse"):
        one["effects"] = [effect for effect in one["effects"] if effect != "start_the_ladder"]
    del promise["macros"]["start_the_ladder"]


def _nobody_next(escalation: dict[str, Any]) -> None:
    del escalation["timeouts"]["acknowledge_in_time"]


def _no_deadline_at_risk(promise: dict[str, Any]) -> None:
    promise["timeouts"]["deadline"]["in"] = ["made"]


def _late_in_time(promise: dict[str, Any]) -> None:
    for one in promise["transitions"]:
        if one.get("dest") == "kept_late":
            one["dest"] = "kept"


def _two_hold_it(callback: dict[str, Any]) -> None:
    claims = _of(callback, "claim")
    callback["transitions"] = [one for one in callback["transitions"] if one not in claims]
    callback["transitions"] += [
        {**one, "source": ["waiting", "claimed"]} for one in claims if one.get("dest") == "claimed"
    ]


def _asks_again(case: dict[str, Any]) -> None:
    asks = _of(case, "ask_step")
    case["transitions"] = [
        one for one in case["transitions"] if one not in asks or not {"conditions", "if"} & one.keys()
    ]


_PROMISES = {"promise": ["make", "make", "keep", "pause", "customer_changed"], "escalation": ["acknowledge"]}


@pytest.mark.parametrize(
    ("name", "change", "among", "words"),
    [
        ("promise", _no_escalation, _PROMISES, "has lapsed without an escalation"),
        ("promise", _no_deadline_at_risk, _PROMISES, "nothing watches its deadline"),
        ("promise", _late_in_time, _PROMISES, "was late and is kept"),
        ("escalation", _nobody_next, _PROMISES, "no timer says who is next"),
        ("callback", _two_hold_it, {"callback": ["request", "claim"]}, "was held by"),
        ("case", _asks_again, {"case": ["open", "ask_step", "step"]}, "asks the customer a second time"),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
def test_a_broken_definition_is_found(
    name: str, change: Callable[[dict[str, Any]], None], among: Mapping[str, list[str]], words: str
) -> None:
    assert _finds(words, _changed(name, change), among)
    assert not any(_storm(load_catalog(), seed, among) for seed in range(3))


@pytest.mark.parametrize(
    ("channel", "words"),
    [("email", "has opted out of"), ("sms", "in the quiet hours"), ("voice", "went over voice")],
)
def test_a_delivery_that_minds_no_wish_is_found(
    channel: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stormy_world, "route", lambda *_: Go((channel,)))
    assert _finds(words, load_catalog(), _PROMISES)
