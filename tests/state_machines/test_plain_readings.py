"""Simple expressions are read off the values; CEL, asked the same, answers the same, down to the errors."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from state_machines.decision import Event
from state_machines.errors import StateMachineError
from state_machines.expressions import Expression, compile_expression
from state_machines.expressions.environment import FIXED as FIXED_VARIABLES
from state_machines.expressions.view import View
from state_machines.subject import Subject

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NAMES = st.sampled_from(["a", "b", "data", "has", "orValue"])
INSTANTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(lambda one: one.isoformat().replace("+00:00", "Z")),
    st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,9})?(Z|z|[+-]0[0-9]:00|)\Z"
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, 1.0, -0.0, 2**53 + 1, 0.1]),
    st.floats(),
    st.text(),
    INSTANTS,
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3))
)
DATA = st.dictionaries(NAMES, VALUES, max_size=4)
ROOTS = st.sampled_from(["data", "event.data", "item"])
FIXED = st.sampled_from([*sorted(FIXED_VARIABLES), "item", "data", "event.data"])
DEFAULTS = st.sampled_from(["0", "-7", "1.50", "'no one'", '"it\'s"', "''", "true", "null", "[]", "{}"])
ALL = settings(max_examples=600, deadline=None)


@st.composite
def paths(draw: st.DrawFn, marks: str = ".") -> str:
    steps = draw(st.lists(st.tuples(st.sampled_from(marks.split()), NAMES), min_size=1, max_size=3))
    return draw(ROOTS) + "".join(mark + name for mark, name in steps)


TEXTS = st.one_of(
    paths(),
    FIXED,
    st.builds("{}.orValue({})".format, paths(". .?"), DEFAULTS),
    st.builds("{}has({})".format, st.sampled_from(["", "!"]), paths()),
    st.builds("timestamp({})".format, paths()),
    st.lists(
        st.one_of(paths(), FIXED, st.sampled_from(["'a + b'", '""', "'é'"])), min_size=2, max_size=3
    ).map(" + ".join),
    st.sampled_from(
        ["1 + 1", "'a' + 'b'", "[1, {'a': null}]", "duration('90m')", "1 / 0", "0.0 / 0.0", "timestamp(0)"]
    ),
)


def view(data: dict[str, Any], event_data: dict[str, Any] | None = None, item: Any = None) -> View:
    subject = Subject("promise:P-1", "promise", 1, "made", 3, data, None, NOW - timedelta(hours=1))
    event = Event("keep", "e-1", "/tests", NOW, event_data or {}, "case:8")
    return View(subject, event, event.data, data, NOW).with_item(item)


def answer(expression: Expression, method: str, seen: View) -> tuple[Any, ...]:
    """What comes out, told so that 1, 1.0 and true differ, and not-a-number is itself."""
    try:
        return ("gives", repr(getattr(expression, method)(seen)))
    except StateMachineError as error:
        return ("fails", type(error), str(error))


def by_cel(expression: Expression) -> Expression:
    return dataclasses.replace(expression, _reading=None)


def is_read(text: str) -> bool:
    return compile_expression(text, item=True)._reading is not None


@ALL
@given(TEXTS, DATA, DATA, VALUES)
@example("data.a.b", {"a": "b"}, {}, None)
@example("data.?a.b.orValue(1)", {"a": 3}, {}, None)
@example("data.?a.?b.orValue(1)", {"a": None}, {}, None)
@example("data.?a.b.orValue(1)", {"a": {}}, {}, None)
@example("data.?a.orValue(1)", {"a": None}, {}, None)
@example("has(data.a.b)", {"a": ["b"]}, {}, None)
@example("has(data.a.b)", {"a": {"b": None}}, {}, None)
@example("timestamp(data.a)", {"a": "2024-02-29T23:59:60Z"}, {}, None)
@example("timestamp(data.a)", {"a": "2024-02-29T24:00:00Z"}, {}, None)
@example("timestamp(data.a)", {"a": 1}, {}, None)
def test_a_reading_is_what_cel_says(
    text: str, data: dict[str, Any], event_data: dict[str, Any], item: Any
) -> None:
    try:
        expression = compile_expression(text, "there", item=True)
    except StateMachineError:
        return  # such as an optional value that nothing ends
    for method in ("evaluate", "evaluate_json", "holds"):
        seen = view(data, event_data, item)
        found = answer(expression, method, seen)
        said = answer(by_cel(expression), method, view(data, event_data, item))
        if found[0] == said[0] == "gives" and method == "evaluate":
            # CEL gives the fields of an object in no order; to JSON they go sorted, by either way.
            assert _sorted(expression.evaluate(seen)) == _sorted(by_cel(expression).evaluate(seen))
        else:
            assert found == said


def _sorted(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {_sorted(value[name])}" for name in sorted(value)) + "}"
    return "[" + ", ".join(map(_sorted, value)) + "]" if isinstance(value, list) else repr(value)


@pytest.mark.parametrize(
    "text",
    [
        "subject.key",
        "now",
        "data.x",
        "data.x.y.z",
        "event.data.?x.orValue(0)",
        "data.?x.?y.z.orValue('(none)')",
        "has(data.x)",
        "!has(event.data.x.y)",
        "timestamp(data.x)",
        "item.x",
        "1 + 1",
        " data.x ",
        "'a: ' + data.x+event.data.y",
    ],
)
def test_the_simple_ones_are_read(text: str) -> None:
    assert is_read(text)


@pytest.mark.parametrize(
    "text",
    [
        "data.x + 1",
        "data['x']",
        "data.?x.orValue(data.y)",
        "data.?x.orValue('\\n')",
        "data.x == 1",
        "!data.x",
        "data.x.size()",
        "'a' + string(data.x)",
        "'a' + 'b\\n' + data.x",
        "1 / 0",
    ],
)
def test_the_others_are_left_to_cel(text: str) -> None:
    assert not is_read(text)


def test_what_cel_cannot_hold_is_not_read_and_disturbs_only_those_who_ask_for_it() -> None:
    seen = view({"big": 2**63, "deep": {"big": [2**70]}, "half": "\ud800", "small": 1})
    for text in ("data.big", "data.deep", "data.deep.big", "data.half"):
        expression = compile_expression(text)
        for method in ("evaluate", "evaluate_json"):
            assert answer(expression, method, seen) == answer(by_cel(expression), method, seen)
            assert answer(expression, method, seen)[0] == "fails"
    assert compile_expression("data.small").evaluate(seen) == 1


def test_an_instant_in_another_zone_comes_out_in_utc() -> None:
    there = timezone(timedelta(hours=2))
    event = Event("t", "e", "/t", NOW.astimezone(there))
    seen = View(Subject("a:1", "a", 1), event, {}, {}, NOW)
    assert compile_expression("event.time").evaluate(seen).tzinfo is UTC
    assert compile_expression("event.time").evaluate_json(seen) == "2026-07-01T12:00:00Z"


def test_what_is_read_for_an_effect_is_a_copy() -> None:
    data = {"b": {"z": [1], "a": 2}}
    found = compile_expression("data.b").evaluate_json(view(data))
    assert list(found) == ["a", "z"]
    found["z"].append(2)
    assert data == {"b": {"z": [1], "a": 2}}
    expression = compile_expression("data.?c.orValue([])")
    expression.evaluate_json(view(data)).append(1)
    assert expression.evaluate_json(view(data)) == []
