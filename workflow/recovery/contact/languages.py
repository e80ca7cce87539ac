"""What somebody types for many customers: one text, or one a language, of which each hears theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.templates.reader import normal_tag, wished_language

_ELSE = "en"
"""The language of whoever has said none, or one that is not there, if it is there."""
_UNDETERMINED = "und"
"""The language of what is said to all, as BCP 47 names it."""


def in_language(words: Any, who: Any) -> str:
    """``in_language(words, customer)``: what somebody typed, as this one reads it: in their language,
    else in English, else in any.

    Args:
        words: a text, which is for all; or texts by language. Anything else is no words.
        who: the receiver, whose ``language`` counts.

    Returns:
        The text; where neither their language nor English is there, the first in the order of the tags.
    """
    if isinstance(words, str):
        return words
    if not isinstance(words, Mapping) or not words:
        return ""
    known = {normal_tag(tag): text for tag, text in words.items() if isinstance(text, str)}
    wished = wished_language(who) or _ELSE
    return next(
        (known[tag] for tag in (wished, wished.partition("-")[0], _ELSE, *sorted(known)) if tag in known),
        "",
    )


def both_words(first: Any, second: Any) -> dict[str, str]:
    """``both_words(says, plan)``: one after the other, by language; a text for all is said in each
    language of the other.

    Args:
        first, second: as for `in_language`, which stands in where one of them lacks a language.

    Returns:
        Texts by language; of two that are for all, one of no language (``und``).
    """
    languages = {tag for words in (first, second) if isinstance(words, Mapping) for tag in words}
    return {
        tag: " ".join(
            said for said in (in_language(words, {"language": tag}) for words in (first, second)) if said
        )
        for tag in sorted(languages or {_UNDETERMINED})
    }
