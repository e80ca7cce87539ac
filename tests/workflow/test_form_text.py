"""Fields of forms, as they were written."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine.form_text import FormTextError, decode

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=10))
def test_what_was_written_is_read(pairs: list[tuple[str, str]]) -> None:
    assert decode(urlencode(pairs).encode(), 10) == [pair for pair in pairs]


def test_fields_without_a_value_are_there_and_text_may_stand_as_it_is() -> None:
    assert decode("a&b=&Größe=é%C3%A9+x".encode(), 3) == [("a", ""), ("b", ""), ("Größe", "éé x")]
    assert decode(b"", 1) == []


@given(st.binary(max_size=40))
def test_bytes_are_text_or_named(body: bytes) -> None:
    try:
        found = decode(body, 100)
    except FormTextError as error:
        assert error.rule == "utf-8"
    else:
        assert all(isinstance(one, str) for pair in found for one in pair)


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (b"a=1&b=%ff&c=%fe", "b", "utf-8"),
        (b"a=1&b%ff", "b\N{REPLACEMENT CHARACTER}", "utf-8"),
        (b"a=1&a=2&a=3&a=4", "", "fields"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, field: str, rule: str) -> None:
    with pytest.raises(FormTextError) as raised:
        decode(body, 3)
    assert (raised.value.field, raised.value.rule) == (field, rule)
