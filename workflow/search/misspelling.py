"""Words with one letter wrong, found by what is left of them when a letter is taken away.

Two words of which one is the other with a letter changed, added, left out, or with two neighbours exchanged
have at least one such variant in common. So a lookup of a dozen texts in a table of the words that there are
finds all of them, whatever the database. Source: T. Bocek et al., "Fast Similarity Search in Large
Dictionaries" (2007), for one deletion.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from rapidfuzz.distance import OSA, JaroWinkler

FEWEST_TYPED = 4
"""Letters of a word that may be a mistyped one."""
_MOST = 8
"""Other words that are tried for one; those that resemble it most."""


def variants(word: str) -> tuple[str, ...]:
    """Each of the forms that a word is typed in, and these without each of their letters; each once."""
    return tuple(dict.fromkeys(one for form in dict.fromkeys(_forms(word)) for one in _shortened(form)))


def _shortened(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def resembling(typed: str, known: Iterable[str]) -> list[str]:
    """Those of these words that are `typed` but for a letter, in any of their forms; the most alike first."""
    forms = _forms(typed)
    near = [one for one in known if one != typed and any(map(_is_near, forms, _forms(one)))]
    return sorted(near, key=lambda one: (-JaroWinkler.similarity(typed, one), one))[:_MOST]


def _is_near(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _forms(word: str) -> tuple[str, str, str, str]:
    """The word as it is, as somebody types it who has no umlauts, who does not double letters, or both:
    ``muller``, ``mueler`` and ``muler`` for ``mueller``."""
    plain = _UMLAUT.sub(r"\1", word)
    return word, plain, _DOUBLED.sub(r"\1", word), _DOUBLED.sub(r"\1", plain)


_UMLAUT = re.compile("([aou])e")
_DOUBLED = re.compile(r"(.)\1+")


class KnownWords:
    """Words of which this process knows that the database has their variants: what it has committed itself.

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
        self._known.update(words)
