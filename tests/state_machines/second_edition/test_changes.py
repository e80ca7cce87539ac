"""Each verb changes what it says and nothing else, in order, and the types of the data hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.errors import DecisionError
from tests.state_machines.second_edition.loans import Life, problems, with_change

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, "", "a", "b"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
    ),
    max_leaves=4,
)


def data_after(change: str, *events: dict[str, Any]) -> dict[str, Any]:
    life = Life(with_change(change))
    for event in events or ({},):
        life.take("write", **event)
    return life.data


@pytest.mark.parametrize(
    ("change", "event", "data"),
    [
        ("{set: {words: =event.data.words, tries: 3}}", {"words": "a"}, {"words": "a", "tries": 3}),
        ("{copy: [words, at]}", {"words": "a"}, {"words": "a", "tries": 0}),
        ("{increment: tries}", {}, {"tries": 1}),
        ("{increment: {tries: 5}}", {}, {"tries": 5}),
        ("{append: {held: =event.data.to}}", {"to": None}, {"held": [None], "tries": 0}),
        ("{add: {who: =event.data.to}}", {"to": ["a", "", "a", None, "b"]}, {"who": ["a", "b"], "tries": 0}),
        ("[{set: {words: a}}, {unset: words}]", {}, {"tries": 0}),
        ("[{increment: tries}, {set: {words: =string(data.tries)}}]", {}, {"tries": 1, "words": "1"}),
        ("{set: {words: =string(data.tries)}, increment: tries}", {}, {"tries": 1, "words": "0"}),
    ],
)
def test_a_verb_changes_what_it_says(change: str, event: dict[str, Any], data: dict[str, Any]) -> None:
    assert data_after(change, event) == data


@given(st.lists(JSON, max_size=4), st.lists(JSON, max_size=4))
def test_a_set_holds_each_value_once_in_the_order_it_came(first: list[Any], second: list[Any]) -> None:
    held = data_after("{add: {held: =event.data.to}}", {"to": first}, {"to": second})["held"]
    wanted: list[Any] = []
    for one in [*first, *second]:
        if one not in (None, "") and not any(_same(one, other) for other in wanted):
            wanted.append(one)
    assert held == wanted


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, however deep it lies."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("{set: {tries: many}}", "type"),
        ("{set: {at: tomorrow}}", "instant-form"),
        ("{increment: words}", "not-a-number"),
        ("{append: {words: a}}", "not-a-list"),
    ],
)
def test_what_is_not_of_its_type_is_no_decision(change: str, rule: str) -> None:
    life = Life(with_change(f"[{{copy: words}}, {change}]"))
    with pytest.raises(DecisionError) as caught:
        life.take("write", words="a")
    assert caught.value.problem.rule == rule


def test_one_change_has_one_verb_and_set_is_no_expression() -> None:
    assert problems(with_change("[{increment: tries, unset: words}]")) == [
        ("transitions[0].change[0]", "one-verb")
    ]
    assert problems(with_change("{increment: tries}, set: {words: a}")) == [
        ("transitions[0].set", "set-and-change")
    ]
    whole = with_change("[]").replace("change: []", "set: '{}'")
    assert problems(whole) == [("transitions[0].set", "whole-set")]
