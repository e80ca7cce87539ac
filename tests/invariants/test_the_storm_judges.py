"""Each verdict of the storm can fail: a fault is planted for it, and it says so; without it, it is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from state_machines.catalog import source
from tasks.sending import addressing, attempts, claim, gathered, sender
from tests.invariants.storm.storm import Wind, world_in
from tests.invariants.storm.values import ANSWERS, CUSTOMERS, OFFICE
from tests.invariants.storm.verdicts import Judge
from tests.invariants.storm.world import StormyWorld
from workflow.recovery import incidents, vocabulary
from workflow.recovery.contact import case_customers, gathering, policy, profile
from workflow.recovery.contact.policy import Wait
from workflow.scenarios.stores import Stores, stores_of

_KIM = "kim@shop.example"
_DEE, _CHI = dict(CUSTOMERS[3]), dict(CUSTOMERS[2])
_QUARTER = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    """Files, each of which is a copy of one that was migrated."""
    vocabulary.register()
    with stores_of("sqlite", "") as made:
        yield made


def _outage(
    world: StormyWorld, cases: int = 3, customer: Mapping[str, Any] = _DEE, owners: Sequence[str] = (_KIM,)
) -> None:
    """Several come whose line is dead; it is declared to be one thing, told of, and over."""
    for number in range(cases):
        owner = owners[number % len(owners)]
        said = {"customer": customer, "words": "No power", "part": "power", "owner": owner, "by": _KIM}
        world.send(f"case:{number}", "open", said)
        world.passes(_MINUTE)
    said = {"words": "Dark", "says": "The power is out", "owner": _KIM, "match": "facts.part == 'power'"}
    world.send("incident:north", "declare", said)
    world.send("incident:north", "split", {"case": "case:0", "words": "Yours is another", "by": _KIM})
    world.send("incident:north", "tell", {"words": "We are at it", "by": _KIM})
    world.passes(2 * _QUARTER)
    world.send("incident:north", "solve", {"words": "It is back", "by": _KIM})
    world.passes(2 * _QUARTER)
    world.send("incident:north", "document", {"by": _KIM, **ANSWERS})


def _of_two_colleagues(world: StormyWorld) -> None:
    _outage(world, 4, owners=(_KIM, "lee@shop.example"))


def _in_german(world: StormyWorld) -> None:
    _outage(world, 2, _CHI)


def _of_no_incident(world: StormyWorld) -> None:
    world.send(
        "case:other", "open", {"customer": _DEE, "words": "The bill", "part": "billing", "owner": _KIM}
    )
    _outage(world, 1)


def _they_answer_at_night(world: StormyWorld) -> None:
    """A reminder waits for the morning, and what it reminds of comes before."""
    said = {"customer": {**_DEE, **_AWAKE_IN_THE_MORNING}, "words": "No power", "owner": _KIM, "by": _KIM}
    world.send("case:night", "open", said)
    world.send("case:night", "acknowledge", {"by": _KIM, "understood": "The line is dead"})
    wanted = {"words": "a picture", "remind_every": "PT1H", "spoken": True, "by": _KIM}
    world.send("case:night", "wait_for_customer", wanted)
    world.passes(timedelta(hours=9))
    world.send("case:night", "customer_answers", {"words": "Here it is"})
    world.passes(timedelta(days=1))


def _two_who_are_told_apart(world: StormyWorld) -> None:
    """Of what Bo wrote while he was taken for Ada something waits for the morning."""
    world.send("customer:ada", "known", {"name": "Ada", "email": "ada@example.com", **_AWAKE_IN_THE_MORNING})
    world.passes(_MINUTE)
    world.send("customer:bo", "known", {"name": "Bo", "email": "bo@example.com", **_AWAKE_IN_THE_MORNING})
    world.send("customer:bo", "merge", {"into": "customer:ada", "by": _KIM})
    world.send("customer:bo", "reach_out", {"words": "My bill is wrong", "owner": _KIM})
    world.passes(timedelta(hours=8))
    world.send("case:ada-1", "word", {"words": "It is corrected", "by": _KIM})
    world.send("customer:bo", "separate", {"reason": "a couple", "by": _KIM})
    world.passes(timedelta(hours=12))


_AWAKE_IN_THE_MORNING = {"zone": "Europe/Berlin", "quiet_hours": "20:00-08:00"}


def _one_customer(world: StormyWorld) -> None:
    """Their address changes, then nobody is there, and their number is somebody else's in the end."""
    world.send("customer:ada", "known", {"name": "Ada", "zone": "Europe/Berlin", "email": "ada@example.com"})
    world.send("customer:ada", "reach_out", {"words": "It does not work", "owner": _KIM})
    for number, act in enumerate((_new_address, _bounces, _has_a_number, _number_is_taken, _silence)):
        world.send("case:ada-1", "word", {"words": f"Word {number}", "by": _KIM})
        act(world)
        world.passes(_MINUTE)


def _another_address_at_night(world: StormyWorld) -> None:
    """What is said to them waits for the morning, and they have another address by then."""
    world.send("customer:ada", "known", {"name": "Ada", "email": "ada@example.com", **_AWAKE_IN_THE_MORNING})
    world.send("customer:ada", "reach_out", {"words": "It does not work", "owner": _KIM})
    world.passes(timedelta(hours=8))
    for words in ("We are at it", "An hour more"):
        world.send("case:ada-1", "word", {"words": words, "by": _KIM})
    _new_address(world)
    world.passes(timedelta(hours=12))


def _new_address(world: StormyWorld) -> None:
    world.send("customer:ada", "new_address", {"email": "new@example.com"})


def _bounces(world: StormyWorld) -> None:
    to_them = [one for one in world.installation.notices() if isinstance(one.to, Mapping)]
    world.report(to_them[-1], "failed", "5.1.1")


def _has_a_number(world: StormyWorld) -> None:
    world.send("customer:ada", "new_address", {"phone": "+49 30 1234567"})


def _number_is_taken(world: StormyWorld) -> None:
    for key in world.keys()["identity"]:
        world.send(key, "release", {}, "operator")


def _silence(world: StormyWorld) -> None:
    """Nothing more."""


def _by_office_hours(world: StormyWorld) -> None:
    world.send("calendar:house", "set", {"hours": OFFICE}, "operator")
    world.send("promise:P", "make", {"words": "We call", "owner": _KIM, "within": "PT5H", "customer": _DEE})
    world.passes(timedelta(days=3))


def _words(name: str, right: str, wrong: str) -> Wind:
    """A definition of the catalog in which something else stands."""
    text = source(name)
    assert text.count(right) >= 1
    return Wind([(text.replace(right, wrong), f"{name}.yaml")])


def _without_german(name: str) -> Wind:
    documents = [one for one in source(name).split("\n---") if "language: de" not in one]
    return Wind([("\n---".join(documents), f"{name}.yaml")])


_NO_FAULT = Wind()
_KEEPS_A_NUMBER = (
    "{trigger: identity_released, source: *live, change: lose,",
    "{trigger: identity_released, source: *live,",
)
_Patch = Callable[[pytest.MonkeyPatch], None]


def _as_they_are(_: pytest.MonkeyPatch) -> None:
    """The code as it is; the fault stands in a definition."""


def _put(module: Any, name: str, wrong: Any) -> _Patch:
    return lambda patch: patch.setattr(module, name, wrong)


def _waiting(wrong: Callable[..., Wait | None]) -> _Patch:
    return _put(gathering, "until_gathered", wrong)


_until = gathering.until_gathered
_matching = incidents._matching
_receipts = sender._receipts
_list_of = gathered.list_of


def _half_an_hour(*said: Any, **named: Any) -> Wait | None:
    wait = _until(*said, **named)
    return None if wait is None else Wait(wait.until + _QUARTER, wait.reason)


def _say_nothing(said: Any, bundle: Any) -> Any:
    first, *others = _receipts(said, bundle)
    return [first, *((number, {**receipt, "gathered": ""}) for number, receipt in others)]


def _lose_one(said: Any, bundle: Any) -> Any:
    (number, receipt), *others = _receipts(said, bundle)
    kept = {**receipt, "digest": receipt["digest"][:-1]} if others else receipt
    return [(number, kept), *others]


def _as_it_was(to: Any, known: Mapping[str, Any]) -> Any:
    return {**known, **to} if isinstance(to, Mapping) else to


def _as_gathered(said: Any, bundle: Any) -> Any:
    return _receipts(said, replace(bundle, gathered=True))


def _for_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gathering, "address", lambda *_: "anybody")
    patch.setattr(claim, "_sharing_route", lambda _, ids, *__: list(ids))


def _an_hour_later(_: Any, now: datetime) -> Wait:
    return Wait(now + timedelta(hours=1), "for no reason")


def _leave_one_out(notices: Any, base: str) -> Any:
    return _list_of([notices[0], *notices[:-1]], base)


_FAULTS: Mapping[str, tuple[Callable[[StormyWorld], None], _Patch, Wind, str]] = {
    "nothing is gathered": (_outage, _waiting(lambda *_, **__: None), _NO_FAULT, "too often"),
    "gathered for too long": (_outage, _waiting(_half_an_hour), _NO_FAULT, "too late"),
    "a receipt names nothing": (_outage, _put(sender, "_receipts", _say_nothing), _NO_FAULT, "receipts"),
    "one is in no message": (_outage, _put(sender, "_receipts", _lose_one), _NO_FAULT, "in no message"),
    "a customer's are gathered": (
        _another_address_at_night, _put(sender, "_receipts", _as_gathered), _NO_FAULT, "receipts",
    ),
    "two colleagues have one message": (_of_two_colleagues, _for_anybody, _NO_FAULT, "mixed"),
    "a customer waits for nothing": (_outage, _put(policy, "_quiet", _an_hour_later), _NO_FAULT, "waits"),
    "one is not said": (_outage, _put(attempts, "list_of", _leave_one_out), _NO_FAULT, "words"),
    "a word does not arrive": (
        _outage, _as_they_are,
        _words("membership", "{trigger: tell, source: [joined, settled], if: by_makegood, effects: hear}",
               "{trigger: tell, source: [joined, settled], if: by_makegood}"),
        "0 times and not 1",
    ),
    "who was split off hears more": (
        _outage, _as_they_are,
        _words("membership", "{trigger: tell, source: left, description: It is none of them.}",
               "{trigger: tell, source: left, if: by_makegood, effects: hear}"),
        "1 times and not 0",
    ),
    "all are joined": (
        _of_no_incident, _put(incidents, "holds", lambda *_: True), _NO_FAULT, "does not hold of it",
    ),
    "none is joined": (
        _of_no_incident, _put(incidents, "holds", lambda *_: False), _NO_FAULT, "holds of it",
    ),
    "another language": (_in_german, _as_they_are, _without_german("case"), "is in en"),
    "what waits goes to another": (
        _two_who_are_told_apart, _put(case_customers, "parted", lambda *_: {}), _NO_FAULT, "another's",
    ),
    "what is no longer so is said": (
        _they_answer_at_night, _as_they_are, _words("case", ", recall: reminder]}", "]}"), "not so",
    ),
    "an old address": (
        _another_address_at_night, _put(addressing, "recipient", _as_it_was), _NO_FAULT, "old address",
    ),
    "an address does not rest": (
        _one_customer, _put(profile, "rests", lambda *_: False), _NO_FAULT, "nobody there",
    ),
    "a number is not given up": (
        _one_customer, _as_they_are, _words("customer", *_KEEPS_A_NUMBER), "taken",
    ),
    "due by another calendar": (
        _by_office_hours, _as_they_are,
        _words("promise", "add_business_time(their_hours, subj", "add_business_time('always', subj"),
        "calendar",
    ),
}  # fmt: skip


def _found(stores: Stores, drama: Callable[[StormyWorld], None], wind: Wind) -> list[str]:
    judge = Judge()
    with world_in(stores, judge, wind) as world:
        drama(world)
        return [*judge.found, *world.complaints]


@pytest.mark.parametrize(("drama", "patch", "wind", "words"), _FAULTS.values(), ids=_FAULTS)
def test_a_planted_fault_is_found(
    drama: Callable[[StormyWorld], None],
    patch: _Patch,
    wind: Wind,
    words: str,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patch(monkeypatch)
    assert any(words in one for one in _found(stores, drama, wind))


@pytest.mark.parametrize("drama", list(dict.fromkeys(one[0] for one in _FAULTS.values())))
def test_without_a_fault_nothing_is_found(drama: Callable[[StormyWorld], None], stores: Stores) -> None:
    assert _found(stores, drama, _NO_FAULT) == []
