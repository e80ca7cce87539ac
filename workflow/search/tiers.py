"""In which order subjects are found: whom a text names alone first, then by name, then by words.

Whoever is found by a tier is found by none after it. So a page goes on where the last one ended, tier by
tier, and nobody comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from workflow.search.expression import Expression, Term, all_of, any_of
from workflow.search.letters import squeezed, words_of
from workflow.search.spelling import Spelling
from workflow.search.terms import (
    ACCOUNT,
    EMAIL,
    IDENTITY,
    KEY,
    MAILBOX,
    NAME,
    PHONE,
    WHOLE_NAME,
    WORD,
    number_said,
)

MOST_WORDS = 10
"""Words that are looked for; more are left out."""
_NAME, _WORD, _PART = 3, 4, 4
"""Letters from which on beginnings are looked for: of names, of words, of keys, accounts and addresses."""
_ELSEWHERE = 2
"""The same in other scripts than ASCII's."""
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
    """By words, wherever they stand."""
    WORD_BEGINNING = "word_beginning"
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
    """What is asked for one way of being found; it may find what a tier before it finds, too.

    Attributes:
        is_covered: whether the next tier finds all that this one does.
    """

    match: Match
    expression: Expression
    is_covered: bool = False


def naming_tiers(said: Asked, spelling: Spelling) -> list[Tier]:
    """Those that find who is named, in order. `said` has one word at least, here and further on."""
    whole_name = Term(WHOLE_NAME + said.squeezed)
    name = all_of(Term(NAME + word) for word in said.words)
    beginning = all_of(_begin(NAME, word, _NAME, spelling) for word in said.words)
    part = _part(said)
    return [
        Tier(Match.EXACT, _exact(said)),
        Tier(Match.NAME, any_of((name, whole_name)), is_covered=True),
        Tier(Match.BEGINNING, any_of((beginning, _begins(whole_name, _WORD)))),
        *([] if part is None else [Tier(Match.PART, part)]),
    ]


def word_tiers(said: Asked, spelling: Spelling) -> list[Tier]:
    """Those that find words wherever they stand, in order."""
    whole = all_of(any_of(Term(mark + word) for mark in _ANYWHERE) for word in said.words)
    begun = all_of(_anywhere(word, spelling) for word in said.words)
    return [Tier(Match.WORDS, whole, is_covered=True), Tier(Match.WORD_BEGINNING, begun)]


def similar_tiers(said: Asked, spelling: Spelling) -> list[Tier]:
    """Those that find what was mistyped, in order; none where there are no such words."""
    others = [spelling.similar(word) for word in said.words]
    if not any(others):
        return []
    typed = list(zip(said.words, others, strict=True))
    name = all_of(_near(NAME, *one, spelling) for one in typed)
    anywhere = all_of(_near_anywhere(*one, spelling) for one in typed)
    return [Tier(Match.SIMILAR_NAME, name, is_covered=True), Tier(Match.SIMILAR, anywhere)]


_ANYWHERE = (NAME, WORD, MAILBOX, KEY, IDENTITY, ACCOUNT, EMAIL)
_SPELT = (NAME, WORD, MAILBOX)


def _exact(said: Asked) -> Expression:
    numbers = _numbers(said.digits)
    return any_of((*(Term(mark + said.squeezed) for mark in (KEY, IDENTITY, ACCOUNT, EMAIL)), *numbers))


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
    parts = [] if said.digits is None else [Term(PHONE + said.digits[::-1], begins=True)]
    if _is_beginning(said.squeezed, _PART):
        parts += (Term(mark + said.squeezed, begins=True) for mark in (IDENTITY, ACCOUNT, EMAIL))
    return any_of(parts) if parts else None


def _anywhere(word: str, spelling: Spelling) -> Expression:
    whole = (Term(mark + word) for mark in _ANYWHERE if mark not in _SPELT)
    begun = (_begin(mark, word, _NAME if mark == NAME else _WORD, spelling) for mark in _SPELT)
    return any_of((*begun, *whole))


def _near(mark: str, word: str, others: Sequence[str], spelling: Spelling) -> Expression:
    return any_of((_begin(mark, word, _NAME, spelling), *(Term(mark + other) for other in others)))


def _near_anywhere(word: str, others: Sequence[str], spelling: Spelling) -> Expression:
    spelt = (Term(mark + other) for other in others for mark in _SPELT)
    return any_of((_anywhere(word, spelling), *spelt))


def _begin(mark: str, word: str, fewest: int, spelling: Spelling) -> Expression:
    """Words that begin so: those that there are, if they are known, since a whole word is found faster."""
    if not _is_beginning(word, fewest):
        return Term(mark + word)
    known = spelling.beginning(word)
    if known is None:
        return Term(mark + word, begins=True)
    return any_of(Term(mark + one) for one in (word, *known))


def _begins(term: Term, fewest: int) -> Term:
    return Term(term.text, _is_beginning(term.text[1:], fewest))


def _is_beginning(word: str, fewest: int) -> bool:
    return len(word) >= (fewest if word.isascii() else _ELSEWHERE)
