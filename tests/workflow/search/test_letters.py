"""Letters that are the same to people are the same to the index, whatever script and spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.search.letters import digits_of, folded, spans, squeezed, words_of

_TEXTS = st.text() | st.text(st.characters(categories=["L", "M", "Nd"]))


@given(_TEXTS)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(_TEXTS)
def test_the_form_in_which_unicode_writes_a_text_does_not_matter(text: str) -> None:
    forms = {tuple(words_of(unicodedata.normalize(form, text))) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len(forms) == 1


@given(_TEXTS)
def test_words_are_letters_and_digits_alone(text: str) -> None:
    for word in words_of(text):
        assert word
        assert not set(word) & set(" \t\n'\"\\:&|!()*-_.@")
        assert word == folded(word)


@given(_TEXTS)
def test_the_words_of_a_text_stand_where_it_is_marked(text: str) -> None:
    marked = [word for start, stop, words in spans(text) for word in words if text[start:stop]]
    assert set(words_of(text)) <= set(marked) | {one for one in words_of(text) if len(one) < 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MUELLER"),
        ("Mu\u0308ller", "Müller"),
        ("Straße", "STRASSE"),
        ("Größe", "groesse"),
        ("İSTANBUL", "istanbul"),
        ("ISTANBUL", "\N{LATIN SMALL LETTER DOTLESS I}stanbul"),
        ("Łódź", "lodz"),
        ("Ægir Ørsted", "aegir oersted"),
        ("José", "Jose"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("٠٣٠", "030"),
        ("ﬁne", "fine"),
        ("Ｔｏｋｙｏ", "tokyo"),  # noqa: RUF001
    ],
)
def test_the_same_to_people_is_the_same_here(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


def test_signs_that_are_words_are_words() -> None:
    assert words_of("王小明") == ["王", "小", "明"]
    assert words_of("हिन्दी में") == [folded("हिन्दी"), folded("में")]
    assert words_of("김민수") == [folded("김민수")]
    assert words_of("O X") == ["o", "x"]


def test_an_account_is_its_letters_and_digits() -> None:
    assert squeezed("AB-47/11") == squeezed("ab 4711") == "ab4711"
    assert squeezed("...") == ""


@pytest.mark.parametrize(
    "text",
    [
        "+49 30 1234567",
        "0049 30 1234567",
        "+49 (0)30/1234567",
        "49301234567",
        "+49-30-123-45-67",
        "+٤٩ ٣٠ ١٢٣٤٥٦٧",
    ],
)
def test_a_number_is_its_digits(text: str) -> None:
    assert digits_of(text) == "49301234567"
