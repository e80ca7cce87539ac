"""What the barometer counts a subject as follows from what the subject knows, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from state_machines.check import check
from state_machines.definitions.lifecycle import Lifecycle, compile_definition
from state_machines.errors import DecisionError, DefinitionError, ExpressionError
from state_machines.form.source import parse
from state_machines.subject import Subject
from state_machines.values.figures import Figures

OPENED = datetime(2026, 3, 2, 10, tzinfo=UTC)
PARCEL = """
lifecycle: parcel
version: 1
data:
  due_at: {type: string, format: date-time, required: true}
  kept_at: {type: string, format: date-time}
  team: {type: string}
  asked: {type: array, required: true}
triggers:
  send: {data: {due_at: {type: string, format: date-time, required: true}, team: {type: string}}}
  arrive: {}
states: [on_the_way, {name: arrived, final: true}]
transitions:
  - {trigger: send, source: initial, dest: on_the_way, set: "merge(event.data, {'asked': []})"}
  - {trigger: arrive, source: on_the_way, dest: arrived, set: {kept_at: =now}}
barometer:
  outcome: >-
    !has(data.kept_at) ? 'open' : timestamp(data.kept_at) <= timestamp(data.due_at) ? 'kept' : 'late'
  at: data.due_at
  settled_at: data.?kept_at.orValue(null)
  team: data.?team.orValue(null)
  case: subject.parent
  count: size(data.asked)
"""


def parcel(**declared: str) -> Lifecycle:
    definition, _ = parse(PARCEL, None)
    assert definition.barometer is not None
    changed = definition.barometer.model_copy(update=declared)
    return compile_definition(definition.model_copy(update={"barometer": changed}))


def read(lifecycle: Lifecycle, **data: Any) -> Figures:
    known = {"due_at": "2026-03-03T10:00:00Z", "asked": [], **data}
    subject = Subject("parcel:1", "parcel", 1, "on_the_way", 1, known, "case:7", OPENED, OPENED)
    assert lifecycle.barometer is not None
    return lifecycle.barometer.read(subject)


def test_a_subject_is_counted_at_its_deadline_as_it_stands() -> None:
    found = read(parcel(), team="billing", asked=["a", "b"])
    assert found == Figures(
        OPENED + timedelta(days=1), "open", team="billing", case="case:7", minutes=None, number=2
    )


def test_minutes_are_counted_from_the_opening_until_it_was_settled() -> None:
    found = read(parcel(), kept_at="2026-03-02T11:30:59+00:00")
    assert (found.outcome, found.minutes) == ("kept", 90)


def test_without_an_instant_of_its_own_it_counts_when_it_was_opened() -> None:
    assert read(parcel(at="null")).at == OPENED


def test_the_shipped_check_finds_nothing_wrong_with_it() -> None:
    assert check(PARCEL) == []


@pytest.mark.parametrize("text", ["event.data.due_at", "string(now)", "string(subject.seq)"])
def test_what_is_not_of_the_subject_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parcel(team=text)
    assert [(one.field, one.rule) for one in refused.value.problems] == [
        ("barometer.team", "not-of-the-subject")
    ]


def test_check_finds_a_field_that_nobody_declares_and_one_that_may_be_absent() -> None:
    found = check(PARCEL.replace("data.?team.orValue(null)", "data.tema"))
    assert [(one.field, one.rule) for one in found] == [("barometer.team", "missing-data")]
    found = check(PARCEL.replace("data.?team.orValue(null)", "data.team"))
    assert [one.field for one in found] == ["barometer.team"]


def test_what_is_no_figure_is_an_error_that_names_the_field() -> None:
    with pytest.raises(DecisionError, match=r"barometer\.team: must give a text, not a list"):
        read(parcel(team="data.asked"))
    with pytest.raises(DecisionError, match=r"barometer\.count: must give a number"):
        read(parcel(count="-1"))
    with pytest.raises(DecisionError, match=r"barometer\.at"):
        read(parcel(at="'tomorrow'"))
    with pytest.raises(ExpressionError, match=r"barometer\.outcome"):
        read(parcel(outcome="data.nowhere"))


def test_a_dimension_that_is_a_whole_sentence_is_cut() -> None:
    assert len(read(parcel(), team="x" * 5000).team or "") == 200
