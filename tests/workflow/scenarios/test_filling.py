"""Values in angle brackets: what they stand for, what is refused, and laws that hold of all texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from workflow.scenarios import document
from workflow.scenarios.document import Step
from workflow.scenarios.errors import FillingError
from workflow.scenarios.filling import ASKED, Fillings, filled, is_name, names_in, tried
from workflow.scenarios.times import Moment

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
FILLINGS = Fillings(
    Moment(NOW, NOW, ZoneInfo("Europe/Berlin"), {"booked": NOW}, {"tom": "Asia/Tokyo"}),
    {"n": 3, "yes": True, "none": None, "deep": {"list": [1, {"b": "two"}]}, "said": "1 < 2"},
    {
        "ada": "ada@example.org",
        "eve": "+4930123",
        "tom": {"name": "Tom", "email": "tom@example.org", "zone": "Asia/Tokyo"},
    },
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nothing to fill", "nothing to fill"),
        ("<ada>", "ada@example.org"),
        ("<ada.email>", "ada@example.org"),
        ("<eve.phone>", "+4930123"),
        ("<tom>", {"name": "Tom", "email": "tom@example.org", "zone": "Asia/Tokyo"}),
        ("<tom.name>", "Tom"),
        ("Dear <tom.name>, <ada>", "Dear Tom, ada@example.org"),
        ("<n>", 3),
        ("<yes>", True),
        ("<none>", None),
        ("<n> times, <yes>", "3 times, true"),
        ("<deep.list[1].b>", "two"),
        ("<deep.list>", [1, {"b": "two"}]),
        ("<said>", "1 < 2"),
        ("<+PT2H>", "2026-03-06T11:00:00Z"),
        ("<tomorrow 09:00>", "2026-03-07T08:00:00Z"),
        ("<tomorrow 09:00 in tom's zone>", "2026-03-07T00:00:00Z"),
        ("until <booked +P1D>!", "until 2026-03-07T09:00:00Z!"),
        ("a << b > c", "a < b > c"),
        ("<<n>", "<n>"),
        (["<n>", ["<ada>"]], [3, ["ada@example.org"]]),
        ({"promise:<n>": {"to": "<ada>"}}, {"promise:3": {"to": "ada@example.org"}}),
        (7, 7),
    ],
)
def test_what_stands_for_what(written: Any, meant: Any) -> None:
    assert filled(written, FILLINGS) == meant


@pytest.mark.parametrize(
    ("written", "rule", "words"),
    [
        ("<adda>", "unknown-value", "is 'ada' meant?"),
        ("<xyz>", "unknown-value", "there is ada, deep, eve"),
        ("<two words>", "unknown-value", "neither the name of a value nor a time"),
        ("<booked>", "unknown-value", "'booked'"),
        ("<>", "time-form", "is no time"),
        ("<tomorrow>", "unknown-value", "'tomorrow'"),
        ("<+2h>", "duration-form", "PT2H"),
        ("<boked +P1D>", "unknown-mark", "'booked'"),
        ("<tom.mail>", "unknown-part", "there is email, name, zone"),
        ("<n.part>", "unknown-part", "it has no parts"),
        ("<deep.list[2]>", "unknown-part", "no item 2"),
        ("<deep.list.x>", "unknown-part", "no part 'x'"),
        ("<tom.>", "value-path", "leads to no part"),
        ("1 < 2", "angle-bracket", "'<<'"),
        ("to <tom>", "value-in-words", "a mapping"),
        ("to <none>", "value-in-words", "nothing"),
        ("to <deep.list>", "value-in-words", "a list"),
        ({"<n>": 1, "3": 2}, "doubled-key", "'3' stands here twice"),
    ],
)
def test_what_is_refused(written: Any, rule: str, words: str) -> None:
    with pytest.raises(FillingError) as refused:
        filled(written, FILLINGS)
    assert refused.value.rule == rule
    assert words in refused.value.message


def test_all_that_cannot_be_filled_is_told_with_its_place_and_left_as_it_was() -> None:
    written = {"a": ["<n>", "<x>"], "b": {"c": "<y>", "d": "<ada>"}}
    found, failures = tried(written, FILLINGS)
    assert found == {"a": [3, "<x>"], "b": {"c": "<y>", "d": "ada@example.org"}}
    assert [(one.field, one.rule) for one in failures] == [
        ("a[1]", "unknown-value"),
        ("b.c", "unknown-value"),
    ]


def test_a_step_keeps_its_types_where_values_stand_and_its_texts_where_texts_do() -> None:
    step = Step.model_validate(
        {
            "send": "promise.make",
            "to": "promise:<n>",
            "id": "<n>",
            "data": {"n": "<n>", "holds": "<n>"},
            "then": {"promise:<n>": {"data": {"n": "<n>"}, "holds": "data.n < 4"}, "line": ["call:<n>"]},
        }
    )
    found = filled(step, FILLINGS)
    assert (found.to, found.id, found.data) == ("promise:3", "3", {"n": 3, "holds": 3})
    expected = found.then.subjects["promise:3"]
    assert (expected.data, expected.holds, found.then.line) == ({"n": 3}, "data.n < 4", ["call:3"])
    assert step.to == "promise:<n>", "the step itself is as it was"


def test_faults_in_a_step_are_told_by_the_paths_of_its_file() -> None:
    step = Step.model_validate(
        {"then": {"promise:P-1": {"data": {"x": "<x>"}}, "tasks": [{"task": "t", "with": {"y": "<y>"}}]}}
    )
    _, failures = tried(step, FILLINGS)
    assert {one.field for one in failures} == {"then.promise:P-1.data.x", "then.tasks[0].with.y"}


def test_the_fields_that_keep_the_types_of_values_are_those_that_take_any() -> None:
    parts = [one for one in vars(document).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    taking = {
        name for part in parts for name, field in part.model_fields.items() if _takes_any(field.annotation)
    }
    assert taking - {"people", "values", "rows"} == {
        name for name, asked in ASKED.items() if asked == "value"
    }


def _takes_any(annotation: Any) -> bool:
    return annotation is Any or any(map(_takes_any, get_args(annotation)))


def test_names() -> None:
    assert all(map(is_name, ["ada", "the_owner", "zone-2", "Jürgen"]))
    assert not any(map(is_name, ["", "2nd", "no good", "a.b", "a<b", "-a"]))
    assert names_in({"<a>": ["<b.c> and <d>", "<<e>", "<today 09:00 in tom's zone>"]}) >= {
        "a",
        "b",
        "d",
        "tom",
    }
    assert "e" not in names_in("<<e>")


texts = st.text(alphabet=st.characters(exclude_characters="<", exclude_categories=("Cs",)), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_has_no_brackets_is_left_as_it_is(value: Any) -> None:
    assert filled(value, FILLINGS) == value


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_can_be_written_with_doubled_brackets(text: str) -> None:
    assert filled(text.replace("<", "<<"), FILLINGS) == text


@given(values)
def test_a_name_alone_is_the_value_itself_and_is_not_looked_through(value: Any) -> None:
    fillings = Fillings(FILLINGS.moment, {"it": value, "also": "<it>"})
    assert filled("<it>", fillings) == value
    assert filled(["<it>"], fillings) == [value]
    assert filled("<also>", fillings) == "<it>"


@given(texts, texts, st.sampled_from(["n", "ada", "tom.name", "deep.list[1].b"]))
def test_amid_words_it_is_what_it_is_alone_written_out(before: str, after: str, name: str) -> None:
    assert filled(f"{before}<{name}>{after} ", FILLINGS) == f"{before}{filled(f'<{name}>', FILLINGS)}{after} "


@given(st.text(alphabet="<>ad.n[]0123 +-PTH:", max_size=20))
def test_any_text_is_filled_or_refused_with_a_rule(text: str) -> None:
    found, failures = tried(text, FILLINGS)
    assert all(one.rule and one.message for one in failures)
    if failures:
        assert found == text
