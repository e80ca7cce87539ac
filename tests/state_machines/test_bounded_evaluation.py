"""Expressions are evaluated here as CEL's own library evaluates them, down to what fails and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.decision import Event
from state_machines.errors import ExpressionError
from state_machines.expressions import compile_expression
from state_machines.expressions.scope import Scope
from state_machines.expressions.view import View, values_of
from state_machines.subject import Subject
from tests.short_run import examples
from tests.state_machines import cel_library

NOW = datetime(2026, 7, 1, 12, 30, 15, 250_000, tzinfo=UTC)
NAMES = ("i", "d", "s", "b", "l", "m", "t", "n", "zz")
USUAL: Mapping[str, Any] = {
    "i": 3, "d": 2.5, "s": "Grüße", "b": True, "l": [1, 2, 2.0, "x", None], "m": {"a": 1, "b": {"c": [True]}},
    "t": "2026-03-03T09:00:00Z", "n": None,
}  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 1.0, 2.5, 2**53 + 1, 2.0**53, 2**63 - 1, -(2**63), 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.sampled_from(["2026-03-03T09:00:00Z", "2026-03-03T09:00:00.5Z", "PT5M", "a", "b", "90m", "7", "-1.5"]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
DATA = st.one_of(
    st.just({}),
    st.dictionaries(st.sampled_from(NAMES[:-1]), ANYTHING, max_size=3),
).map(lambda changed: {**USUAL, **changed})

LITERALS = [
    "0", "1", "2", "-3", "9223372036854775807", "-9223372036854775808", "1u", "0u", "1.0", "2.5", "-0.5", "1e300",  # noqa: E501
    "'a'", "''", "'Grüße'", "'2026-03-03T09:00:00Z'", "b'ab'", "true", "false", "null", "[]", "{}",
    "now", "duration('90m')", "duration('1.5s')", "timestamp('2026-03-03T09:00:00.250Z')", "[1, 2, 3]", "['a', 'b']",  # noqa: E501
    "{'a': 1, 'b': 2}", "{1: 'x', 2: 'y'}", "type(1)", "string", "optional.none()", "optional.of(1)",
]  # fmt: skip
PATHS = [
    *(f"data.{name}" for name in NAMES), "data.m.a", "data.m.b.c", "data.l[0]", "data.l[7]", "data.m['a']", "item",  # noqa: E501
    "event.data.x", "data.?zz", "data.?m.?b.c", "data.?m.a", "data.l[?1]", "subject.parent", "subject.key", "data",  # noqa: E501
]  # fmt: skip
BINARY = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"]
UNARY = [
    "!({})", "-({})", "size({})", "string({})", "int({})", "double({})", "uint({})", "timestamp({})", "duration({})",  # noqa: E501
    "bool({})", "bytes({})", "type({})", "dyn({})", "has(({}).a)", "({}).a", "({}).?a", "({})[0]", "({})[?'a']",  # noqa: E501
    "({}).hasValue()", "({}).value()", "optional.of({})", "optional.ofNonZeroValue({})", "({}).getHours()",
    "({}).getFullYear()", "({}).getDayOfWeek()", "({}).getMonth()", "({}).getMilliseconds()", "({}).size()", "({}).lowerAscii()",  # noqa: E501
    "({}).trim()", "({}).reverse()", "math.abs({})", "({}).getHours('Europe/Berlin')", "[{}, ?data.?zz]", "{{'a': {}}}",  # noqa: E501
    "[?({})]", "{{?'a': ({})}}", "({}).getDayOfYear()", "({}).getDate()", "math.sign({})",
]  # fmt: skip
OF_TWO = [
    "({}).contains({})", "({}).startsWith({})", "({}).endsWith({})", "({}).orValue({})", "({}).or({})", "({})[{}]", "({})[?{}]",  # noqa: E501
    "[{}, {}]", "{{'a': {}, 'b': {}}}", "({}).split({})", "({}).join({})", "({}).indexOf({})", "math.greatest({}, {})",  # noqa: E501
    "math.least({}, {})", "cel.bind(v, {}, v == {})", "cel.bind(v, {}, [v, {}, v])", "({}).all(x, x == ({}))",
    "({}).exists(x, x == ({}))", "({}).exists_one(x, x != ({}))", "({} + dyn([])).map(x, [x, {}])", "({} + dyn([])).filter(x, x < ({}))",  # noqa: E501
    "({}).matches({})", "({}).optMap(x, x == ({}))", "({}).all(x, x > ({}) || x == 1)", "({} + dyn([])).map(x, x != 1, ({}))",  # noqa: E501
    "({}).exists(k, ({}).exists(x, x == k))", "({}).charAt({})", "({}).substring({})", "({}).getMinutes() == ({})",  # noqa: E501
]  # fmt: skip


def _held(text: str) -> st.SearchStrategy[str]:
    """A literal as it is, or so that only its evaluation finds out what it is."""
    return st.sampled_from([text, f"dyn({text})"])


ATOMS = st.one_of(st.sampled_from(PATHS), st.sampled_from(LITERALS).flatmap(_held))
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(BINARY), inner),
        st.builds(lambda form, one: form.format(one), st.sampled_from(UNARY), inner),
        st.builds(lambda form, one, two: form.format(one, two), st.sampled_from(OF_TWO), inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=10,
)


def view(data: Mapping[str, Any], item: Any) -> View:
    """What an expression sees."""
    subject = Subject("promise:P-1", "promise", 1, "made", 3, data, None, NOW - timedelta(hours=1))
    event = Event("keep", "e-1", "/tests", NOW, {"x": data.get("s")}, "case:8")
    return View(subject, event, event.data, data, NOW).with_item(item)


def answer(text: str, seen: View) -> tuple[str, str]:
    """As `cel_library.answer`, by what definitions are evaluated with."""
    expression = compile_expression(text, scope=Scope(item=True))
    try:
        return "gives", cel_library.told(expression.evaluate(seen))
    except ExpressionError as error:
        return "fails", str(error).partition(" failed: ")[2] or str(error)


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS, DATA, ANYTHING)
def test_an_expression_gives_what_cel_gives(text: str, data: dict[str, Any], item: Any) -> None:
    try:
        compile_expression(text, scope=Scope(item=True))
    except ExpressionError:
        return
    seen = view(data, item)
    here = answer(text, seen)
    if "no plain value" in here[1]:
        return  # an optional value within a map: the library (0.1.3) dies of it
    by_library = cel_library.answer(text, values_of(seen))
    assert here[0] == by_library[0], f"{text}: {here} here, {by_library} by the library; {data}, {item!r}"
    if here[0] == "gives":
        assert here == by_library, f"{text} of {data}, {item!r}"


def _choices(depth: int) -> str:
    text = "true"
    for number in range(depth):
        text = f"({text} ? data.i == {number} : data.b)"
    return text


def _either(depth: int) -> str:
    text = "data.i == 3"
    for number in range(depth):
        text = f"(data.i == {number + 50} || {text})"
    return text


def _walks(depth: int) -> str:
    text = f"x{depth - 1} == x0"
    for number in reversed(range(depth)):
        text = f"data.l.exists(x{number}, {text})"
    return text


def _bound(depth: int) -> str:
    text = f"v{depth - 1}"
    for number in reversed(range(2, depth)):
        text = f"cel.bind(v{number}, v{number - 1} + v{number - 2}, {text})"
    return f"cel.bind(v0, 1, cel.bind(v1, 1, {text}))"


DEEP = {
    "choices within choices": _choices(13),
    "sides of an or within each other": _either(13),
    "many sides of an and": " && ".join(f"data.i != {number + 50}" for number in range(200)),
    "walks within walks": _walks(24),
    "values that are bound to bound values": _bound(28),
    "defaults of defaults": "data.?zz.orValue(" * 20 + "1" + ")" * 20,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_nests_deeper_than_blocks_of_python_may_gives_the_same(text: str) -> None:
    seen = view(USUAL, None)
    assert answer(text, seen) == cel_library.answer(text, values_of(seen))


def test_a_name_that_cel_knows_and_nobody_can_evaluate_is_a_failure() -> None:
    assert answer("dyn", view(USUAL, None))[0] == "fails"
