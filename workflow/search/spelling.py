"""The list of all words: those that begin as somebody typed, or differ by a letter from what they typed.

Two words of which one is the other with a letter changed, added, left out, or with two neighbours exchanged
have in common what is left of them when a letter is taken away. So a lookup of a dozen texts in a table finds
all of them, whatever the database. Source: T. Bocek et al., "Fast Similarity Search in Large
Dictionaries" (2007), for one deletion.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from rapidfuzz.distance import OSA, JaroWinkler
from sqlalchemy import Connection, select

from workflow.search.terms import FEWEST_LETTERS
from workflow.store.schema import word_variants

FEWEST_TYPED = 4
"""Letters of a word that may be a mistyped one."""
_MOST_LETTERS = 24
"""Of a word that is told from others although a letter of it is wrong."""
_MOST_SIMILAR, _MOST_BEGINNINGS = 8, 50
_LAST = "\U0010ffff"


def variants(word: str) -> tuple[str, ...]:
    """The forms that a word is typed in, and these without each of their letters; each once, itself first."""
    if not word.isalpha() or len(word) > _MOST_LETTERS:
        return (word,)
    return tuple(dict.fromkeys(one for form in dict.fromkeys(_forms(word)) for one in _shortened(form)))


def _shortened(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def resembling(typed: str, known: Iterable[str]) -> list[str]:
    """Those of these words that are `typed` but for a letter, in any of their forms; the most alike first."""
    forms = _forms(typed)
    near = [one for one in known if one != typed and any(map(_is_near, forms, _forms(one)))]
    return sorted(near, key=lambda one: (-JaroWinkler.similarity(typed, one), one))[:_MOST_SIMILAR]


def _is_near(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _forms(word: str) -> tuple[str, str, str, str]:
    """The word as it is, as somebody types it who has no umlauts, who does not double letters, or both:
    ``muller``, ``mueler`` and ``muler`` for ``mueller``."""
    plain = _UMLAUT.sub(r"\1", word)
    return word, plain, _DOUBLED.sub(r"\1", word), _DOUBLED.sub(r"\1", plain)


_UMLAUT = re.compile("([aou])e")
_DOUBLED = re.compile(r"(.)\1+")


class Spelling(Protocol):
    """Words that there are, for what somebody typed."""

    def beginning(self, word: str) -> Sequence[str] | None:
        """Those that begin so; None where there are too many, or it is too short to know."""

    def similar(self, word: str) -> Sequence[str]:
        """Those of which it may be a mistyped one."""


class KnownSpelling:
    """Asks a database, for each word once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._similar: dict[str, list[str]] = {}
        self._beginning: dict[str, Sequence[str] | None] = {}

    def beginning(self, word: str) -> Sequence[str] | None:
        """Those that begin so; None where there are too many, or it is too short to know."""
        if len(word) < FEWEST_LETTERS:
            return None
        if word not in self._beginning:
            variant = word_variants.c.variant
            statement = select(word_variants.c.word).where(
                variant >= word, variant < word + _LAST, word_variants.c.word == variant
            )
            found = self._connection.execute(statement.limit(_MOST_BEGINNINGS + 1)).scalars().all()
            self._beginning[word] = found if len(found) <= _MOST_BEGINNINGS else None
        return self._beginning[word]

    def similar(self, word: str) -> Sequence[str]:
        """Those of which it may be a mistyped one."""
        if len(word) < FEWEST_TYPED or not word.isalpha():
            return ()
        if word not in self._similar:
            statement = select(word_variants.c.word).where(word_variants.c.variant.in_(variants(word)))
            known = self._connection.execute(statement.distinct()).scalars()
            self._similar[word] = resembling(word, known)
        return self._similar[word]

    @property
    def others(self) -> set[str]:
        """All words that were looked for in place of mistyped ones."""
        return {word for some in self._similar.values() for word in some}


class KnownWords:
    """Words of which this process knows that they are in the list: those that it has committed itself.

    It may be asked and told by several threads. What it has forgotten is written again, and changes nothing.
    """

    def __init__(self, most: int = 200_000) -> None:
        self._most = most
        self._known: set[str] = set()

    def unknown(self, words: Iterable[str]) -> list[str]:
        """Those that are not known, each once."""
        return list(dict.fromkeys(word for word in words if word not in self._known))

    def committed(self, words: Collection[str]) -> None:
        """These are in the database now."""
        if len(self._known) + len(words) > self._most:
            self._known = set()
        if len(words) <= self._most:
            self._known.update(words)
