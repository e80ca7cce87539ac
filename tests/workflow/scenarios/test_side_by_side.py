"""Two values line by line, whatever they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.scenarios.side_by_side import Pair, shortened, side_by_side
from workflow.scenarios.written_values import Line, local_time, scalar_text, value_lines

BERLIN = ZoneInfo("Europe/Berlin")
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


def texts(side: list[Line | None]) -> list[str]:
    """The lines of one side, in any order; at which of its lines an item's dash stands is no matter."""
    return sorted(re.sub("^(- )+", "", line.text) for line in side if line is not None)


@given(VALUES, VALUES)
def test_every_line_of_both_is_there_and_something_is_marked(expected: Any, found: Any) -> None:
    told = side_by_side(expected, found, UTC)
    assert any(pair.sign != " " for pair in told) or expected is found is None
    for value, side in ((expected, [p.expected for p in told]), (found, [p.found for p in told])):
        lines = [] if value is None else list(value_lines("", value, 0, UTC))
        assert texts(side) == texts([*lines])


@given(VALUES, VALUES)
def test_nothing_that_is_marked_is_left_out(expected: Any, found: Any) -> None:
    told = side_by_side(expected, found, UTC)
    short = shortened(told)
    kept = [one for one in short if isinstance(one, Pair)]
    assert [p for p in kept if p.sign != " "] == [p for p in told if p.sign != " "]
    assert len(kept) + sum(one for one in short if isinstance(one, int)) == len(told)


@pytest.mark.parametrize(
    ("expected", "found", "signs"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, " ~ "),
        ({"a": 1, "b": 2}, {"a": 1}, " -"),
        ({"a": None, "b": 2}, {"b": 1}, "~ "),
        ([1, 2, 3], [1, 3], " - "),
        ([1, 3], [1, 2, 3], " + "),
        (["a:*", "b:1"], ["a:17", "b:2"], " ~"),
        ({"at": "2030-01-01T09:00:00+01:00", "n": 1}, {"at": "2030-01-01T08:00:00Z", "n": 2}, " ~"),
        ({"n": True}, {"n": 1}, "~"),
        ({"n": 1}, {"n": "1"}, "~"),
        ("a\nb\nc", "a\nx\nc\nd", " ~ +"),
        ({"a": [1, 2]}, {"a": "text"}, "~--"),
        ({"a": {}}, {"a": 1}, "~"),
        ([], [1, 2], "~+"),
        ({"a": 1}, {"a": "one\ntwo"}, "~++"),
        ([{"k": 1, "v": 1}, {"k": 2, "v": 2}], [{"k": 2, "v": 3}], "-- ~"),
        (1, None, "-"),
        (None, {"a": 1, "b": 1}, "++"),
        ("same", "same", "~"),
    ],
)
def test_signs(expected: Any, found: Any, signs: str) -> None:
    assert "".join(pair.sign for pair in side_by_side(expected, found, UTC)) == signs


def test_items_that_belong_together_stand_beside_each_other() -> None:
    told = side_by_side(["a", "b", "c", "d"], ["b", "x", "d", "e"], UTC)
    shown = [(p.sign, p.expected and p.expected.text, p.found and p.found.text) for p in told]
    assert shown == [
        ("-", "- a", None),
        (" ", "- b", "- b"),
        ("~", "- c", "- x"),
        (" ", "- d", "- d"),
        ("+", None, "- e"),
    ]


def test_very_long_lists_are_set_side_by_side_by_their_places() -> None:
    told = side_by_side(list(range(1000)), list(range(1, 1001)), UTC)
    assert [pair.sign for pair in told] == ["~"] * 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("5", '"5"'),
        ("true", '"true"'),
        ("null", '"null"'),
        ("", '""'),
        (" x", '" x"'),
        (None, "null"),
        (False, "false"),
        (2.5, "2.5"),
        ([], "[]"),
        ({}, "{}"),
        ("2030-07-01T08:00:00Z", "2030-07-01T08:00:00Z (2030-07-01 10:00 +02:00)"),
        (datetime(2030, 1, 1, 8, 0, 5, tzinfo=UTC), "2030-01-01 09:00:05 +01:00"),
    ],
)
def test_values_are_written_so_that_their_kind_is_seen(value: Any, text: str) -> None:
    assert scalar_text(value, BERLIN) == text


def test_a_time_of_utc_is_not_said_twice() -> None:
    assert scalar_text("2030-07-01T08:00:00Z", UTC) == "2030-07-01T08:00:00Z"
    assert local_time(datetime(2030, 7, 1, 8, tzinfo=UTC), UTC) == "2030-07-01 08:00 UTC"
