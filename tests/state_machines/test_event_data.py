"""The data of events against their declaration, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.definitions.event_data import validate
from state_machines.definitions.lifecycle import load
from state_machines.errors import EventDataError

LIFECYCLE = load("""
lifecycle: order
version: 1
triggers:
  place:
    data:
      words: {type: string, required: true, max_length: 20}
      due_at: {type: string, format: date-time}
      patience: {type: string, format: duration}
      zone: {type: string, format: time-zone}
      mail: {type: string, format: email}
      day: {type: string, format: date}
      amount: {type: number, minimum: 0, maximum: 10}
      pieces: {type: integer}
      kind: {enum: [a, b]}
      anything: {}
      customer:
        type: object
        fields:
          name: {type: string, required: true}
          zones: {type: array, items: {type: string, format: time-zone}}
states: [{name: placed}]
transitions: [{trigger: place, source: initial, dest: placed}, {trigger: nudge, source: placed}]
""")


def problems(**data: Any) -> dict[str, str]:
    """Rule by field."""
    with pytest.raises(EventDataError) as caught:
        validate(LIFECYCLE, "place", data)
    return {one.field: one.rule for one in caught.value.problems}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"due_at": "2026-07-01T16:00:00+02:00", "patience": "P1DT2H", "zone": "Europe/Berlin"},
        {"mail": "a@b.example", "day": "2026-07-01", "amount": 2.5, "pieces": 3, "kind": "b"},
        {"anything": None},
        {"anything": [1, {"x": 2}]},
        {"customer": {"name": "Ada", "zones": ["UTC"], "undeclared": 1}},
        {"undeclared": {"is": "kept"}},
    ],
)
def test_what_is_declared_so_passes_and_so_does_what_is_not_declared(more: dict[str, Any]) -> None:
    validate(LIFECYCLE, "place", {"words": "one pizza", **more})


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("words", 7, "type"),
        ("words", None, "type"),
        ("words", "x" * 21, "max-length"),
        ("due_at", "2026-07-01T16:00:00", "no-zone"),
        ("due_at", "2026-02-30T16:00:00Z", "instant-exists"),
        ("due_at", "tomorrow", "instant-form"),
        ("patience", "P1M", "duration-fixed-length"),
        ("patience", "3h", "duration-form"),
        ("zone", "Europe/Berln", "unknown-zone"),
        ("mail", "nobody", "format"),
        ("day", "2026-02-30", "format"),
        ("amount", -1, "minimum"),
        ("amount", 11, "maximum"),
        ("amount", True, "type"),
        ("pieces", 1.5, "type"),
        ("kind", "c", "enum"),
        ("customer", [], "type"),
    ],
)
def test_what_breaks_the_declaration_is_named_with_field_and_rule(field: str, value: Any, rule: str) -> None:
    assert problems(**{"words": "one pizza", field: value}) == {f"data.{field}": rule}


def test_all_that_is_wrong_is_said_at_once_and_where() -> None:
    found = problems(amount=-1, customer={"zones": ["UTC", "Nowhere/Else"]})
    assert found == {
        "data.words": "required",
        "data.amount": "minimum",
        "data.customer.name": "required",
        "data.customer.zones[1]": "unknown-zone",
    }


def test_a_message_about_a_huge_value_stays_short() -> None:
    with pytest.raises(EventDataError) as caught:
        validate(LIFECYCLE, "place", {"words": "x" * 1_000_000})
    assert len(str(caught.value)) < 300


def test_a_trigger_that_declares_nothing_takes_anything() -> None:
    validate(LIFECYCLE, "nudge", {"x": 1})


def test_an_unknown_trigger_is_a_problem_of_the_type() -> None:
    with pytest.raises(EventDataError) as caught:
        validate(LIFECYCLE, "explode", {})
    (problem,) = caught.value.problems
    assert (problem.field, problem.rule) == ("type", "unknown-trigger")
    assert "place" in problem.message


def test_of_data_with_thousands_of_faults_some_are_told_and_that_there_are_more() -> None:
    found = problems(words="w", customer={"name": "a", "zones": [f"Nowhere/{n}" for n in range(5_000)]})
    *told, more = found.items()
    assert told == [(f"data.customer.zones[{n}]", "unknown-zone") for n in range(50)]
    assert more == ("data", "more-problems")


def test_a_fault_far_behind_in_a_list_is_found() -> None:
    found = problems(words="w", customer={"name": "a", "zones": [*["UTC"] * 5_000, "Nowhere/5"]})
    assert found == {"data.customer.zones[5000]": "unknown-zone", "data": "more-problems"}
