"""The words of a text as they are searched: small letters without accents, the same on every database.

Each database's own reader of texts would see other words in ``modem-restart`` or ``a/b``. So they are given
words that are read in one way only, and search for beginnings: who asks for *modem* finds *modems*.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile(r"[\u0300-\u036f]")
"""Unicode's combining diacritical marks."""
_LONGEST = 64
"""Characters of a word; what is longer is found by its beginning."""
_MOST = 400_000
"""Characters of all different words of one text: PostgreSQL's vector ends at a megabyte."""
_MOST_ASKED = 20


def words(text: str) -> str:
    """The different words of a text, in order, with a space between them."""
    found = " ".join(dict.fromkeys(_words(text)))
    return found if len(found) <= _MOST else found[:_MOST].rpartition(" ")[0]


def asked(text: str) -> list[str]:
    """The words that somebody asks for; an alert that is found has a word that begins with each."""
    return list(dict.fromkeys(_words(text)))[:_MOST_ASKED]


def _words(text: str) -> list[str]:
    return [word[:_LONGEST] for word in _WORD.findall(simple(text))]


def simple(text: str) -> str:
    """Small letters without accents; as many characters as before, or some more (``ß`` is ``ss``)."""
    if text.isascii():
        return text.lower()
    return _ACCENT.sub("", unicodedata.normalize("NFKD", text.casefold()))
