"""No sequence of events, of time and of work done makes an installation break its word.

In each run of the storm a whole installation stands on a store, and anything happens to it, through its real
doors: events of other systems and of operators, in any order, with good and with silly data; acts at desks;
links that are pressed; reports and bounces; channels that are busy, refuse, or leave open what became of a
message; workers that are gone; tasks that fail; time. Colleagues do their work, in half of the runs a little,
in half of them most of the time. Incidents are declared and told of, customers are merged and separated,
mails bounce. After each instant `verdicts` looks for what must never be (with `messages`, `incident_words`,
`whose` and `calendars`), and `aftermath` at the end: the ledger, decided again, gives what is stored, and
cases can come to their end. That each verdict can fail shows `test_the_storm_judges`.

A run follows from its seed, and is the same on both stores. A small part runs by default; all of it, 500 runs
of 200 steps on each store, in as many processes as there are cores (or `STORM_JOBS`), and one run again:

    STORM=500x200 pytest -s tests/invariants/test_no_sequence_breaks_a_promise.py
    STORM=1x200 STORM_SEED=17 pytest -s tests/invariants/test_no_sequence_breaks_a_promise.py -k sqlite
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from state_machines.catalog import source
from tasks.sending import claim
from tests.invariants.storm.running import runs_in_processes
from tests.invariants.storm.storm import Ran, Wind, numbers_of, run, shortened
from workflow.recovery.contact.policy import Go
from workflow.scenarios.stores import Kind, Stores, stores_of

ALL = "STORM" in os.environ
RUNS, STEPS = map(int, os.environ.get("STORM", "2x40").split("x"))
FIRST = int(os.environ.get("STORM_SEED", "0"))
_SHORT = 50
_WEATHER = (
    "merges", "separations", "releases", "mails of machines", "bounces of a customer's address",
    "digests", "gathered", "promises by hours", "incidents declared", "incidents planned",
    "incidents, tell", "incidents, solve", "incidents, cases joined", "incidents, cases joined by match",
    "incidents, cases split",
)  # fmt: skip
"""What must have happened in a large run."""
_SEEDS = range(20)
_STORIES: dict[int, str] = {}
"""By seed, what a run told on the store on which it was played first."""


@pytest.fixture(scope="module")
def sqlite_stores() -> Iterator[Stores]:
    """Files, each of which is a copy of one that was migrated."""
    with stores_of("sqlite", "") as stores:
        yield stores


@pytest.mark.timeout(120 + RUNS * STEPS)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_sequence_breaks_a_promise(kind: Kind, request: pytest.FixtureRequest) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres_server").url("postgres")
    seeds = range(FIRST, FIRST + RUNS)
    if ALL and RUNS > 1:
        rans: Iterable[Ran] = runs_in_processes(seeds, STEPS, kind, url)
    else:
        rans = _here(seeds, kind, url)
    tally, bad = Counter[str](), list[Ran]()
    for ran in rans:
        tally += ran.tally
        bad += [ran] if ran.found else []
        if not ran.found:
            assert _STORIES.setdefault(ran.seed, ran.story) == ran.story, (
                f"{ran.seed} goes another way on {kind}"
            )
    if ALL:
        print(dict(sorted(tally.items())))  # noqa: T201 - the figures of the full run; shown by -s
    assert not bad, _report(bad, kind, url)
    assert tally["decisions"] > RUNS * STEPS / 2
    if RUNS >= 50 and STEPS >= 200:
        assert tally["closed in the storm"] >= RUNS / 5, "cases reach their end in a fifth of the runs"
        assert not [kind for kind in _WEATHER if not tally[f"weather: {kind}"]], "all of it was in the storm"


def _here(seeds: Iterable[int], kind: Kind, url: str) -> Iterator[Ran]:
    with stores_of(kind, url) as stores:
        for seed in seeds:
            yield run(seed, numbers_of(seed, STEPS), stores)


def _report(bad: list[Ran], kind: Kind, url: str) -> str:
    """What was found, by rule; and how one came about, in as few steps as a few tries left."""
    rules = Counter(ran.found[0].partition(":")[0] for ran in bad)
    lines = [f"{kind}: " + ", ".join(f"{count} x {rule}" for rule, count in rules.most_common())]
    lines += [f"  STORM_SEED={ran.seed}, step {len(ran.numbers)}: {ran.found[0][:600]}" for ran in bad[:40]]
    with stores_of(kind, url) as stores:
        short = shortened(min(bad, key=lambda ran: len(ran.numbers)), stores)
    return "\n".join([*lines, f"How {short.seed} came about: {short.found[0]}", *short.told])


def _finds(words: str, seeds: Iterable[int], stores: Stores, wind: Wind) -> int | None:
    """The first of these seeds with which a storm of plain chance among these events finds that."""
    for seed in seeds:
        found = run(seed, numbers_of(seed, _SHORT), stores, wind, wanted=words).found
        if any(words in line for line in found):
            return seed
    return None


def _changed(name: str, change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str]]:
    """One definition of the catalog, broken, to stand in its place."""
    first, *words = source(name).split("\n---")
    document = yaml.safe_load(first)
    change(document)
    text = "\n---".join([yaml.safe_dump(document, sort_keys=False), *words])
    return [(text, f"{name}.yaml")]


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
    for one in _of(case, "ask_step"):
        if "if" in one:
            one["if"] = "event.data.step == ''"  # never


_PROMISES = {"promise": ["make", "make", "keep", "pause", "customer_changed"], "escalation": ["acknowledge"]}


@pytest.mark.parametrize(
    ("name", "change", "among", "words"),
    [
        ("promise", _no_escalation, _PROMISES, "has lapsed without an escalation"),
        ("promise", _no_deadline_at_risk, _PROMISES, "nothing watches its deadline"),
        ("promise", _late_in_time, _PROMISES, "was late and is kept"),
        ("escalation", _nobody_next, _PROMISES, "no timer says what is next"),
        ("callback", _two_hold_it, {"callback": ["request", "claim"]}, "was held by"),
        ("case", _asks_again, {"case": ["open", "ask_step", "step"]}, "asks the customer a second time"),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
def test_a_broken_definition_is_found(
    name: str,
    change: Callable[[dict[str, Any]], None],
    among: Mapping[str, list[str]],
    words: str,
    sqlite_stores: Stores,
) -> None:
    seed = _finds(words, _SEEDS, sqlite_stores, Wind(_changed(name, change), among))
    assert seed is not None
    assert _finds(words, [seed], sqlite_stores, Wind((), among)) is None


_QUESTIONS = {"case": ["open", "ask_fact", "ask_step"]}


@pytest.mark.parametrize(
    ("channel", "among", "words"),
    [
        ("email", _QUESTIONS, "opted out"),
        ("sms", _QUESTIONS, "in the quiet hours"),
        ("dial", _PROMISES, "robot"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_delivery_that_minds_no_wish_is_found(
    channel: str,
    among: Mapping[str, list[str]],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    sqlite_stores: Stores,
) -> None:
    monkeypatch.setattr(claim, "route", lambda *_: Go((channel,)))
    assert _finds(words, _SEEDS, sqlite_stores, Wind((), among)) is not None
