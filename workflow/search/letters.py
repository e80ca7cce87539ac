"""Texts as they are compared: small letters without accents, umlauts as two, digits as ASCII has them.

Whoever types ``Muller``, ``MÜLLER`` or ``mueller`` means the same, and so does every database: the texts are
made equal before they come to one. Source: Unicode 15, 3.13 (default case folding), UAX 15 (NFKD).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 48
"""Characters of a word in the index; what is longer is found by its beginning."""

_UMLAUT = re.compile("([aou])\u0308")
_MARKS = re.compile(
    "[\u0300-\u036f"  # Latin, Greek and Cyrillic accents
    "\u0591-\u05c7"  # Hebrew points
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic signs
    "\u3099\u309a"  # Japanese voicing
    "\u200b-\u200f\u2060\ufeff]"  # what is not seen
)
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ŋ": "n", "ŧ": "t", "ə": "e",
        "\N{ARABIC LETTER ALEF MAKSURA}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER TEH MARBUTA}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
        "\N{ARABIC TATWEEL}": "",
        "\N{GREEK SMALL LETTER FINAL SIGMA}": "\N{GREEK SMALL LETTER SIGMA}",
        "\N{DEVANAGARI DANDA}": " ", "\N{DEVANAGARI DOUBLE DANDA}": " ",
    }
)  # fmt: skip
"""Letters that Unicode takes for others, and people do not."""
_WITH_VOWELS = "\u0900-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f71-\u0fbc\u102b-\u109d\u17b4-\u17d3"
"""Scripts whose vowel signs are no letters to Unicode, and parts of words to whoever reads them."""
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
"""Scripts that are written without spaces: each sign is a word."""
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|(?:(?![{_IDEOGRAPHS}])(?:[^\W_]|[{_WITH_VOWELS}]))+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_SPACED_WORD = re.compile(rf"(?:[^\W_]|[{_WITH_VOWELS}]|[\u0300-\u036f])+")


def folded(text: str) -> str:
    """The text as it is compared; folded once more it stays as it is."""
    if text.isascii():
        return text.lower()
    while (next_text := _folded_once(text)) != text:
        text = next_text
    return text


def _folded_once(text: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = _MARKS.sub("", _UMLAUT.sub(r"\1e", text)).translate(_LETTERS)
    return text if text.isascii() else "".join(map(_digit, text))


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, in order, each once; of scripts without spaces, the signs."""
    text = folded(text)
    pattern = _ASCII_WORD if text.isascii() else _WORD
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in pattern.findall(text)))


def squeezed(text: str) -> str:
    """Its letters and digits alone, folded: ``AB-47/11`` and ``ab 4711`` are the same account."""
    text = folded(text)
    return "".join((_ASCII_WORD if text.isascii() else _WORD).findall(text))[:LONGEST_WORD]


def digits_of(text: str) -> str:
    """The digits of a telephone number, without what stands before it where it is dialled.

    ``+49 (0)30 123``, ``0049 30 123`` and ``4930123`` are the same; ``030 123`` is an end of them.
    """
    digits = "".join(_ASCII_DIGITS.findall(folded(text).replace("(0)", "")))
    return digits.lstrip("0")[:LONGEST_WORD]


_ASCII_DIGITS = re.compile("[0-9]+")


def spans(text: str) -> list[tuple[int, int, list[str]]]:
    """Where the words of a text stand, as [from, to), each with what it is folded."""
    found = []
    for match in _SPACED_WORD.finditer(text):
        words = words_of(match.group())
        if words:
            found.append((match.start(), match.end(), words))
    return found
