"""The languages of the pages: English as it stands in the templates, others in files for Babel and its tools.

A file is read as it is (`translations/<language>/LC_MESSAGES/console.po`), once a process: nothing has to be
compiled before a page can be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.core import Locale, UnknownLocaleError
from babel.messages.pofile import read_po

from workflow.api.http.negotiation import accepted_languages

ENGLISH = "en"
_FOLDER = Path(__file__).with_name("translations")
LANGUAGES: Mapping[str, str] = {
    name: Locale.parse(name).get_display_name() or name
    for name in sorted(
        (one.name for one in _FOLDER.iterdir() if one.is_dir()), key=lambda name: (name != ENGLISH, name)
    )
}
"""What each is called in itself, English first; a folder more is a language more."""


class Translations(NullTranslations):
    """The texts of one language by those in English."""

    def __init__(self, texts: Mapping[tuple[str | None, str], str | tuple[str, ...]]) -> None:
        super().__init__()
        self._texts = texts

    def gettext(self, message: str) -> str:
        """The text; the English one where there is no other."""
        return self._found(None, message) or message

    def pgettext(self, context: str, message: str) -> str:
        """The text for a word that means something else elsewhere."""
        return self._found(context, message) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One text for one, another for more."""
        found = self._texts.get((None, msgid1))
        if isinstance(found, tuple) and all(found):
            return found[0 if n == 1 else 1]
        return msgid1 if n == 1 else msgid2

    def knows(self, context: str, message: str) -> bool:
        """Whether there is a text of its own."""
        return bool(self._found(context, message))

    def _found(self, context: str | None, message: str) -> str:
        found = self._texts.get((context, message))
        return found[0] if isinstance(found, tuple) else found or ""


@cache
def translations(language: str) -> Translations:
    """The texts of a language of `LANGUAGES`."""
    file = po_file(language)
    if not file.exists():
        return Translations({})
    with file.open("rb") as source:
        catalog = read_po(source, locale=language)
    texts: dict[tuple[str | None, str], str | tuple[str, ...]] = {}
    for message in catalog:
        if message.id and not message.fuzzy:
            name = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string or ""
            texts[message.context, name] = said if isinstance(said, str) else tuple(said)
    return Translations(texts)


def po_file(language: str) -> Path:
    """Where the texts of a language stand."""
    return _FOLDER / language / "LC_MESSAGES" / "console.po"


def tongue(tag: object, language: str) -> str:
    """What a language is called in another: ``de`` is German in English. What is no tag stays as it is."""
    try:
        return Locale.parse(str(tag), sep="-").get_display_name(language) or str(tag) if tag else ""
    except (ValueError, UnknownLocaleError):
        return str(tag)


def chosen_language(asked: str | None, otherwise: str | None) -> str:
    """The first language of a header `Accept-Language` that pages speak; else `otherwise`, else English."""
    for tag in (*accepted_languages(asked), otherwise or ""):
        if (language := tag.partition("-")[0].lower()) in LANGUAGES:
            return language
    return ENGLISH
