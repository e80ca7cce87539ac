"""Whether two persons are one, however they are written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.recovery.contact.people import same_person

ANNA = {"name": "Anna", "email": "anna@shop.example", "phone": "+49 30 123456"}

SAID = st.sampled_from(
    ["", "Anna", "ANNA ", "Lea", "anna@shop.example", "Anna@Shop.example", "+49 30 123456"]
)
PERSONS = SAID | st.dictionaries(st.sampled_from(["name", "email", "phone", "key"]), SAID)


@pytest.mark.parametrize(
    "other",
    [
        ANNA,
        "anna@shop.example",
        "ANNA@shop.example",
        " mailto:Anna@Shop.Example ",
        "Anna",
        " anna",
        "0049 (0)30 123456",
        {"name": "Anna of the desk", "email": "Anna@shop.example"},
        {"name": "Anna"},
        {"name": "Anna", "chat": "https://chat.example/anna"},
        {"phone": "+49 30/12 34 56"},
    ],
)
def test_one_person_in_other_words(other: Any) -> None:
    assert same_person(ANNA, other) and same_person(other, ANNA)


@pytest.mark.parametrize(
    "other",
    [
        "lea@shop.example",
        "anna@other.example",
        "Lea",
        "+49 30 654321",
        {"name": "Anna", "email": "anna@other.example"},
        {"name": "Lea", "email": "lea@shop.example", "phone": "+49 30 123456"},
        {"chat": "https://chat.example/anna"},
        "",
        " ",
        {},
        None,
        17,
    ],
)
def test_somebody_else_or_nobody(other: Any) -> None:
    assert not same_person(ANNA, other) and not same_person(other, ANNA)


@pytest.mark.parametrize("nobody", ["", " ", {}, None, 0, []])
def test_nobody_is_not_the_same_as_nobody(nobody: Any) -> None:
    assert not same_person(nobody, nobody)


@pytest.mark.parametrize("who", [{"number": 7}, {"phone": "12"}, "@", 7])
def test_who_is_written_alike_is_one_whatever_that_says(who: Any) -> None:
    assert same_person(who, who)


def test_a_name_of_digits_is_a_name() -> None:
    assert same_person("007", {"name": "007"})


@given(PERSONS, PERSONS)
def test_it_does_not_matter_who_is_named_first(one: Any, other: Any) -> None:
    assert same_person(one, other) == same_person(other, one)
