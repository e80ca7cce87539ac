"""Sentences of our own in every language that makegood speaks: English here, others in files for Babel.

What pages say has files of its own (`workflow/console/translations`); here is what is written or sent while
no page is looked at. A folder more in `translations` is a language more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

ENGLISH = "en"
_FOLDER = Path(__file__).with_name("translations")


def in_languages(context: str, english: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By language, English first, these texts by their names; in English where a file has none.

    Args:
        context: the one of these texts in the files, such as ``house``.
        english: the texts by name.
    """
    others = {
        language: {name: texts.get((context, text), text) for name, text in english.items()}
        for language, texts in _translations().items()
    }
    return {ENGLISH: dict(english), **others}


def texts_of(language: str) -> Mapping[tuple[str, str], str]:
    """What a language's file has, by context and English text. Raises KeyError where there is no file."""
    return _translations()[language]


@cache
def _translations() -> dict[str, dict[tuple[str, str], str]]:
    # Babel is not there before it is needed: most processes that know these words never say one.
    from babel.messages.pofile import read_po

    found: dict[str, dict[tuple[str, str], str]] = {}
    for folder in sorted(one for one in _FOLDER.iterdir() if one.is_dir()):
        with (folder / "LC_MESSAGES" / "messages.po").open("rb") as source:
            found[folder.name] = {
                (one.context or "", one.id): one.string
                for one in read_po(source, locale=folder.name)
                if isinstance(one.id, str) and one.id and isinstance(one.string, str) and one.string
            }
    return found
