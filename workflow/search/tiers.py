"""In which order subjects are found: whom a text names alone first, then by name, then by words.

A tier leaves out whom one before it finds. So a page goes on where the last one ended, tier by tier, and
nobody comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from workflow.search.expression import Expression, Term, Without, all_of, any_of
from workflow.search.letters import squeezed, words_of
from workflow.search.terms import ACCOUNT, EMAIL, KEY, MAILBOX, NAME, PHONE, WHOLE_NAME, WORD, number_said

MOST_WORDS = 10
"""Words that are looked for; more are left out."""
_FEWEST_BEGINNING, _FEWEST_BEGINNING_ELSEWHERE = 3, 2
"""Letters from which a word is looked for as a beginning: in ASCII, in other scripts."""
_WHOLE_NUMBER, _COUNTRY = 7, 3
"""Digits from which a number is somebody's although its country is not said; digits of a country at most."""


class Match(StrEnum):
    """How a subject was found; in the order in which they come."""

    EXACT = "exact"
    """By its key, an account, a telephone number or an e-mail address."""
    NAME = "name"
    """By a name that has all the words."""
    BEGINNING = "beginning"
    """By beginnings of names."""
    PART = "part"
    """By the beginning of a key, an account or an address, or the last digits of a number."""
    WORDS = "words"
    """By beginnings of words, wherever they stand."""
    SIMILAR_NAME = "similar_name"
    """By names of which one letter is another, missing, too much, or exchanged with its neighbour."""
    SIMILAR = "similar"
    """By such words, wherever they stand."""


class Asked(NamedTuple):
    """What somebody looks for.

    Attributes:
        words: its words, folded.
        squeezed: its letters and digits alone, as an account or an address is compared.
        digits: as of a telephone number; None if it is none.
    """

    words: tuple[str, ...]
    squeezed: str
    digits: str | None


def asked(text: str) -> Asked:
    """What a text looks for. It has no words if there is not one letter in it."""
    return Asked(tuple(words_of(text)[:MOST_WORDS]), squeezed(text), number_said(text))


class Tier(NamedTuple):
    """What is asked for one way of being found."""

    match: Match
    expression: Expression


def tiers(said: Asked, similar: Callable[[str], Sequence[str]]) -> Iterator[Tier]:
    """Those that can find something, in order.

    Args:
        said: with one word at least.
        similar: words that there are, for one that may be mistyped; asked for the last tier alone.
    """
    exact, part = _exact(said), _part(said)
    name = any_of((all_of(Term(NAME + word) for word in said.words), Term(WHOLE_NAME + said.squeezed)))
    beginning = any_of((all_of(_begin(NAME, word) for word in said.words), _begin(WHOLE_NAME, said.squeezed)))
    words = all_of(_anywhere(word) for word in said.words)
    named = any_of((exact, beginning))
    known = any_of((named, part))
    for match, expression, before in (
        (Match.EXACT, exact, None),
        (Match.NAME, name, exact),
        (Match.BEGINNING, beginning, any_of((exact, name))),
        (Match.PART, part, named),
        (Match.WORDS, words, known),
    ):
        if expression is not None:
            yield Tier(match, expression if before is None else Without(expression, before))
    others = [similar(word) for word in said.words]
    if any(others):
        found_before = any_of((known, words))
        near_name = all_of(_near(NAME, *one) for one in zip(said.words, others, strict=True))
        near = all_of(_near_anywhere(*one) for one in zip(said.words, others, strict=True))
        assert near_name is not None and near is not None and found_before is not None
        yield Tier(Match.SIMILAR_NAME, Without(near_name, found_before))
        found_before = any_of((found_before, near_name))
        assert found_before is not None
        yield Tier(Match.SIMILAR, Without(near, found_before))


def _exact(said: Asked) -> Expression | None:
    return any_of((*(Term(mark + said.squeezed) for mark in (KEY, ACCOUNT, EMAIL)), *_numbers(said.digits)))


def _numbers(digits: str | None) -> Iterator[Term]:
    """The number, said with its country or without, of somebody who has it with it or without."""
    if digits is None:
        return
    yield Term(PHONE + digits[::-1], len(digits) >= _WHOLE_NUMBER)
    for country in range(1, _COUNTRY + 1):
        rest = digits[country:].lstrip("0")
        if len(rest) >= _WHOLE_NUMBER:
            yield Term(PHONE + rest[::-1])


def _part(said: Asked) -> Expression | None:
    number = None if said.digits is None else Term(PHONE + said.digits[::-1], begins=True)
    if not _is_beginning(said.squeezed):
        return number
    return any_of((*(Term(mark + said.squeezed, begins=True) for mark in (KEY, ACCOUNT, EMAIL)), number))


def _anywhere(word: str) -> Expression | None:
    return any_of(_begin(mark, word) for mark in (NAME, WORD, KEY, ACCOUNT, EMAIL, MAILBOX))


def _near(mark: str, word: str, others: Sequence[str]) -> Expression | None:
    return any_of((_begin(mark, word), *(Term(mark + other) for other in others)))


def _near_anywhere(word: str, others: Sequence[str]) -> Expression | None:
    spelt = (Term(mark + other) for other in others for mark in (NAME, WORD, MAILBOX))
    return any_of((_anywhere(word), *spelt))


def _begin(mark: str, word: str) -> Term:
    return Term(mark + word, begins=_is_beginning(word))


def _is_beginning(word: str) -> bool:
    return len(word) >= (_FEWEST_BEGINNING if word.isascii() else _FEWEST_BEGINNING_ELSEWHERE)
