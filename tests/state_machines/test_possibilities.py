"""What may happen to a subject now is said without deciding anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from state_machines.decide import decide
from state_machines.decision import Event, Outcome
from state_machines.definitions.lifecycle import load
from state_machines.possibilities import Possibility, Verdict, possibilities
from state_machines.subject import Subject

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
LOAN = load("""
edition: 2
lifecycle: loan
version: 1
data:
  extended: {type: integer, default: 0}
  due_at: {type: instant}
let:
  left: 2 - data.extended
  asked: event.data.?days.orValue(0)
guards:
  may_extend: {if: left > 0, says: It has been extended twice.}
  asks_little: asked < 8
triggers:
  lend: {data: {due_at: instant}}
  extend: {data: {days: integer}}
  lengthen: {data: {days: integer}}
  give_back: {}
  remind: {}
states: [lent, at_home, {name: over, final: true}]
transitions:
  - {trigger: lend, source: initial, dest: lent, change: {copy: due_at}}
  - {trigger: extend, source: lent, if: may_extend, change: {increment: extended}}
  - {trigger: lengthen, source: lent, dest: at_home, if: [may_extend, asks_little]}
  - {trigger: lengthen, source: lent, dest: over, if: "data.extended > 5"}
  - {trigger: give_back, source: lent, dest: over, if: 'left < 1'}
  - {trigger: give_back, source: lent, dest: at_home}
  - {trigger: remind, source: lent, if: "data.due_at < now"}
""")


def subject(**data: object) -> Subject:
    return Subject("loan:1", "loan", 1, "lent", 1, {"extended": 0, **data}, None, NOW, NOW)


def found(one: Subject) -> dict[str, Possibility]:
    return {each.trigger: each for each in possibilities(LOAN, one, NOW)}


def test_a_guard_that_asks_what_is_known_is_answered() -> None:
    young, old = found(subject()), found(subject(extended=2))
    assert young["extend"] == ("extend", Verdict.YES, ("lent",), None)
    assert old["extend"].verdict is Verdict.NO
    assert old["extend"].leads_to == ()
    assert (old["extend"].reason or "").startswith("It has been extended twice.")


def test_of_several_ways_those_are_named_that_may_be_taken() -> None:
    assert found(subject())["give_back"].leads_to == ("at_home",)
    assert found(subject(extended=2))["give_back"].leads_to == ("over",)


def test_what_only_the_event_knows_is_left_open() -> None:
    assert found(subject())["lengthen"] == ("lengthen", Verdict.DEPENDS, ("at_home",), None)
    assert found(subject(extended=2))["lengthen"].verdict is Verdict.NO


def test_a_guard_that_cannot_be_asked_is_left_open() -> None:
    assert found(subject())["remind"].verdict is Verdict.DEPENDS, "data.due_at is not there"
    assert found(subject(due_at="2026-06-01T00:00:00Z"))["remind"].verdict is not Verdict.NO


def test_before_it_is_opened_it_can_be_opened() -> None:
    unopened = Subject("loan:1", "loan", 1)
    assert [one.trigger for one in possibilities(LOAN, unopened, NOW)] == ["lend"]


@pytest.mark.parametrize("extended", [0, 1, 2, 6])
def test_what_is_said_is_what_is_decided(extended: int) -> None:
    one = subject(extended=extended)
    for trigger, said in found(one).items():
        if said.verdict is Verdict.DEPENDS:
            continue
        decision = decide(LOAN, one, Event(trigger, "e", "/t", NOW, {"days": 3}), NOW)
        assert (decision.outcome is not Outcome.REFUSED) is (said.verdict is Verdict.YES), trigger
        assert said.verdict is Verdict.NO or decision.dest in said.leads_to
