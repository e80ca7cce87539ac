"""What is said of a subject finds it, whole, by its parts and with a typing error; best first, and once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from state_machines.values.searched import Said, SearchedAs
from tests.workflow.search.found_without_store import fits, match_of, stages_of
from workflow.search.letters import squeezed, words_of
from workflow.search.terms import terms_of
from workflow.search.tiers import Match, asked

NAME, WORDS = SearchedAs.NAME, SearchedAs.WORDS
_TEXTS = st.text(min_size=1, max_size=60) | st.text(
    st.characters(categories=["L", "M"]), min_size=1, max_size=20
)
Way = Callable[[str], str]
"""How people write a number of a country, given that within the country."""
_WORD = st.text("abcdefghijklmnopqrstuvwxyzäöüß", min_size=5, max_size=14)
_NATIONAL = st.from_regex(r"[1-9][0-9]{7,10}", fullmatch=True)
_WAYS: tuple[Way, ...] = (
    lambda number: f"+49 {number}",
    lambda number: f"0049{number}",
    lambda number: f"0{number[:2]}/{number[2:]}",
    lambda number: f"(0{number[:3]}) {number[3:6]}-{number[6:]}",
    lambda number: f"+49 (0){number[:2]} {number[2:]}",
    lambda number: f"49{number}",
)


@given(_TEXTS, st.sampled_from([SearchedAs.ACCOUNT, SearchedAs.EMAIL, NAME, WORDS]))
def test_whatever_is_in_the_index_is_found_by_its_exact_text(text: str, kind: SearchedAs) -> None:
    assume(squeezed(text))
    assert match_of(text, [Said(kind, text)]) is not None


@given(st.from_regex(r"[!-~]{1,40}", fullmatch=True))
def test_a_key_finds_its_subject_first(identity: str) -> None:
    assert match_of(f"promise:{identity}", [], f"promise:{identity}") is Match.EXACT
    if squeezed(identity):
        assert match_of(identity, [], f"promise:{identity}") is Match.EXACT


@given(_WORD, st.sampled_from([NAME, WORDS]), st.randoms(use_true_random=False))
def test_one_letter_may_be_wrong(word: str, kind: SearchedAs, random: Random) -> None:
    assume("sß" not in word and "ßs" not in word)  # which are three of one letter, in any order
    place = random.randrange(len(word))
    letter = random.choice("abcdefghijklmnopqrstuvwxyz")
    wrong = random.choice(
        [
            word[:place] + letter + word[place:],
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
        ]
    )
    assert match_of(wrong, [Said(kind, word)]) is not None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Muller", "Müller"), ("Müler", "Müller"), ("Mulelr", "Müller"), ("Goethe", "Göthe"),
        ("Schmitd", "Schmidt"), ("Jurgen Muler", "Jürgen Müller"), ("Strase", "Straße"), ("мосвка", "Москва"),
    ],
)  # fmt: skip
def test_as_people_mistype(typed: str, name: str) -> None:
    assert match_of(typed, [Said(NAME, name)]) in (Match.SIMILAR_NAME, Match.NAME)


@given(_NATIONAL, st.sampled_from(_WAYS), st.sampled_from(_WAYS))
def test_a_number_is_found_however_it_is_written(number: str, stored: Way, typed: Way) -> None:
    assert match_of(typed(number), [Said(SearchedAs.PHONE, stored(number))]) is Match.EXACT


@given(_NATIONAL, st.sampled_from(_WAYS), st.integers(4, 8))
def test_half_a_number_is_found_from_its_end(number: str, stored: Way, digits: int) -> None:
    end = number[-digits:]
    assume(not end.startswith("0"))  # which is how a number within its country begins
    assert match_of(end, [Said(SearchedAs.PHONE, stored(number))]) is not None


def test_the_middle_of_a_number_finds_nobody() -> None:
    assert match_of("30123", [Said(SearchedAs.PHONE, "+49 30 1234567")]) is None


_ALIKE = st.lists(
    st.sampled_from(["abc", "abcd", "abcde", "abcdef", "äbcde", "bacde", "abde"]), min_size=1, max_size=3
).map(" ".join)
"""Words that begin alike, and are a typing error apart."""


@given(_ALIKE, st.lists(st.builds(Said, st.sampled_from([NAME, WORDS]), _ALIKE), max_size=3))
@example("abc bacde", [Said(NAME, "abcdef abcde")])
def test_what_a_covered_tier_finds_the_next_one_finds_too(typed: str, said: list[Said]) -> None:
    terms, wanted = terms_of("order:1", said), asked(typed)
    assume(wanted.words)
    for stage in stages_of(wanted, terms):
        assert not stage or not stage[-1].is_covered
        for tier, following in pairwise(stage):
            if tier.is_covered and fits(tier.expression, terms):
                assert fits(following.expression, terms), tier.match


_ADA = [
    Said(SearchedAs.ACCOUNT, "AB-47/11"),
    Said(SearchedAs.EMAIL, "ada.lovelace@example.org"),
    Said(SearchedAs.PHONE, "+49 30 1234567"),
    Said(NAME, "Ada Lovelace-O'Brien"),
    Said(WORDS, "Her modem is dead, and Byron said so"),
]


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ("ab 4711", Match.EXACT), ("ADA.LOVELACE@example.org", Match.EXACT), ("030 1234567", Match.EXACT),
        ("P-17", Match.EXACT), ("Lovelace, Ada", Match.NAME), ("ada lovelaceobrien", Match.NAME),
        ("love", Match.BEGINNING), ("ab47", Match.PART), ("4567", Match.PART),
        ("ada.lovelace@ex", Match.PART),
        ("modem", Match.WORDS), ("mode dead", Match.WORD_BEGINNING), ("lovelace modem", Match.WORDS),
        ("ada ab4711", Match.WORDS), ("ada mode", Match.WORD_BEGINNING), ("lov modem", Match.WORD_BEGINNING),
        ("Lovelave", Match.SIMILAR_NAME), ("lovelave modem", Match.SIMILAR),
        ("Biron", Match.SIMILAR), ("mo", None), ("dem", None), ("zeppelin", None),
        ("lovelace zeppelin", None),
    ],
)  # fmt: skip
def test_who_is_named_comes_before_who_is_spoken_of(typed: str, match: Match | None) -> None:
    assert match_of(typed, _ADA) is match


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("王小明", "小明"),
        ("王小明", "王"),
        ("X", "x"),
        ("Ó", "o"),
        ("محمد علي", "علي"),
        ("김민수", "김민수"),
        ("Nguyễn", "nguyen"),
    ],
)
def test_names_of_all_scripts(name: str, typed: str) -> None:
    assert match_of(typed, [Said(NAME, name)]) is Match.NAME


@given(st.lists(st.builds(Said, st.sampled_from(list(SearchedAs)[:5]), st.text(max_size=400)), max_size=4))
def test_terms_need_no_quotes(said: list[Said]) -> None:
    for term in terms_of("order:1", said):
        assert term[0] in "0123456789a"
        assert term[1:] == "".join(words_of(term[1:])) or term[0] in "0"
