"""What of a subject stands in the index: its terms, each a mark that says what it is and folded letters.

One index holds them all. So whoever asks for an account, a number's last digits and a word asks once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from state_machines.subject import split_key
from state_machines.values.searched import Said, SearchedAs
from workflow.search.letters import digits_of, folded, squeezed, words_of

FORM = 1
"""Of the terms; another number, and every subject is put into the index anew."""

LIFECYCLE, NAME, WORD, KEY, ACCOUNT, EMAIL, PHONE, WHOLE_NAME, MAILBOX, IDENTITY = "012345678a"
"""The marks with which terms begin; 9 was that of a block of rows, which nobody asks for any more.

A telephone number stands backwards, so that its end is a beginning; an identity is what stands in a key after
its colon, the words of a mailbox are those of an address before its @."""

MOST_WORDS = 250
"""Different words of one subject."""
_FEWEST_DIGITS = 4


def terms_of(key: str, said: Sequence[Said]) -> list[str]:
    """The terms of a subject with this key of which this is said, each once."""
    lifecycle, identity = split_key(key)
    whole = (f"{LIFECYCLE}{lifecycle}", f"{KEY}{squeezed(key)}", f"{IDENTITY}{squeezed(identity)}")
    found: dict[str, None] = dict.fromkeys(whole)
    words: dict[str, None] = {}
    for kind, text in said:
        if kind is SearchedAs.WORDS:
            words |= dict.fromkeys(words_of(text))
        elif kind is SearchedAs.NAME:
            found |= dict.fromkeys(f"{NAME}{word}" for word in words_of(text))
            found[f"{WHOLE_NAME}{squeezed(text)}"] = None
        elif kind is SearchedAs.PHONE:
            digits = digits_of(text)
            if len(digits) >= _FEWEST_DIGITS:
                found[f"{PHONE}{digits[::-1]}"] = None
        elif kind is SearchedAs.EMAIL:
            found[f"{EMAIL}{squeezed(text)}"] = None
            found |= dict.fromkeys(f"{MAILBOX}{word}" for word in words_of(text.rpartition("@")[0]))
        else:
            found[f"{ACCOUNT}{squeezed(text)}"] = None
    for word in list(words)[:MOST_WORDS]:
        found[f"{WORD}{word}"] = None
    return [term for term in found if len(term) > 1]


def learned(terms: Iterable[str]) -> list[str]:
    """The words of these terms that are kept in the list of all words, see `spelling`."""
    return [term[1:] for term in terms if term[0] in _SPELT and len(term) > FEWEST_LETTERS]


_SPELT = frozenset((NAME, WORD, MAILBOX))
FEWEST_LETTERS = 5
"""Of a word that is kept in the list of all words."""


def number_said(text: str) -> str | None:
    """The digits, if this may be a telephone number or the end of one; else None."""
    if any(letter not in _NUMBER_LETTERS for letter in folded(text)):
        return None
    digits = digits_of(text)
    return digits if len(digits) >= _FEWEST_DIGITS else None


_NUMBER_LETTERS = frozenset("0123456789 +()/.-\u2010\u2011\u2013\u00a0")
