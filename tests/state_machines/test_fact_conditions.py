"""Conditions over facts: what they may say, and that they never do harm."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.expressions.fact_conditions import ConditionError, condition, holds, why_not

FACTS: dict[str, Any] = {"age": 67, "tags": ["vip"], "more": {"b": 1, "a": 2}, "none": None}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
TEXTS = st.text() | st.from_regex(r"facts\.[a-z]{1,3} ?(==|>|in|&&) ?(1|'a'|facts\.b|\[1\])")


@pytest.mark.parametrize(
    "text",
    [
        "facts.age >= 65",
        "facts.age > 66.5",
        "'vip' in facts.tags",
        "facts.tags.exists(one, one.startsWith('v'))",
        "!has(facts.unknown)",
        "facts.?unknown.orValue(true)",
        "facts.none == null",
        "facts.more.a == 2",
    ],
)
def test_what_holds_holds_with_nothing_to_say_against_it(text: str) -> None:
    assert holds(text, FACTS) and why_not(text, FACTS) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("facts.age < 65", "it does not hold: facts.age < 65"),
        ("facts.unknown", "not known: unknown"),
        ("facts.age", "the condition gives no true or false"),
        ("facts.more.map(name, name) == []", "walks an object"),
        ("facts.more.exists(name, facts.more[name] > 'x')", "walks an object"),
        ("facts.age.startsWith('6')", "do not fit the condition"),
        ("facts.", "the condition is no condition over facts"),
        ("'\ud800' == facts.age", "the condition is no condition over facts"),
    ],
)
def test_what_does_not_says_why(text: str, reason: str) -> None:
    assert not holds(text, FACTS) and reason in why_not(text, FACTS)


@pytest.mark.parametrize(
    "text", ["cel.bind(a, 'x', a + a) == ''", "'a'.replace('a', 'aa') == ''", "merge({}, {})"]
)
def test_nothing_in_it_can_grow_or_reach_out(text: str) -> None:
    with pytest.raises(ConditionError):
        condition(text)


@given(text=TEXTS, facts=st.dictionaries(st.text(), JSON))
def test_no_text_and_no_facts_make_it_raise_and_the_answer_is_always_the_same(
    text: str, facts: dict[str, Any]
) -> None:
    first = why_not(text, facts)
    assert why_not(text, facts) == first and holds(text, facts) is (first == "")
