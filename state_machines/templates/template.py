"""A template: one text in several languages, each with variants for the channels that need their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import TemplateError

from state_machines.errors import DecisionError
from state_machines.form.wording import Wording
from state_machines.templates.bounds import TooLong
from state_machines.templates.filters import Unspeakable
from state_machines.templates.reader import Reader, reader_of, wished_language
from state_machines.templates.text import Text, Values, prepared

DEFAULT = "default"
"""The variant for every channel that has none of its own."""

LONGEST_TITLE = 300


class Said(NamedTuple):
    """What a template says to one reader.

    Attributes:
        reader: for whom it was rendered.
        title, words: over a channel without words of its own.
        labels: the questions of a page's form, by field.
        variants: by channel, the title and words of those that have their own.
    """

    reader: Reader
    title: str
    words: str
    labels: Mapping[str, str]
    variants: Mapping[str, Mapping[str, str]]


class Wordings(NamedTuple):
    """What a template says in one language.

    Attributes:
        title, words: over a channel without words of its own.
        variants: by channel, the title and words of those that have their own; None is the usual one.
        labels: the questions of a page's form, by field.
    """

    title: Text
    words: Text
    variants: tuple[tuple[str, Text | None, Text | None], ...]
    labels: tuple[tuple[str, Text], ...]


class Template:
    """A template of a definition.

    Args:
        name: its name.
        language: what is taken for a reader whose language it does not speak.
        declared: by language and channel, the texts.
    """

    def __init__(self, name: str, language: str, declared: Mapping[str, Mapping[str, Wording]]) -> None:
        self.name = name
        self._language = language
        self._declared = declared
        self._wordings: dict[str, Wordings] = {}

    def language_for(self, to: Any) -> str:
        """The language in which this receiver is written to: ``de-AT``, else ``de``, else the default."""
        wished = wished_language(to)
        if wished is None:
            return self._language
        if wished in self._declared:
            return wished
        general = wished.partition("-")[0]
        return general if general in self._declared else self._language

    def say(
        self, to: Any, values: Mapping[str, Any], links: Mapping[str, str], now: datetime, field: str
    ) -> Said:
        """The words for one receiver.

        Args:
            to: the receiver; may say ``language`` and ``zone``.
            values: what the template needs, JSON.
            links: by name, what stands for each link in the words.
            now: the instant of the decision, UTC.
            field: where it is asked for, for the error.

        Raises:
            DecisionError: a value cannot be said, or the text is longer than `LONGEST_WORDS`.
        """
        language = self.language_for(to)
        wordings = self._wordings.get(language)
        if wordings is None:
            wordings = self._wordings[language] = _wordings(self._declared[language])
        reader = reader_of(to, language, now)
        known = Values(values, links, reader)
        try:
            title, words = _line(wordings.title.say(known)), wordings.words.say(known)
            variants = {
                channel: {
                    "title": title if own_title is None else _line(own_title.say(known)),
                    "words": words if own_words is None else own_words.say(known),
                }
                for channel, own_title, own_words in wordings.variants
            }
            labels = {name: text.say(known) for name, text in wordings.labels}
        except TooLong as error:
            message = f"{self.name!r} gives {error}"
            raise DecisionError(f"{field}.template", "too-long", message) from None
        except (Unspeakable, TemplateError, TypeError, ValueError, ArithmeticError) as error:
            message = f"{self.name!r} cannot be said: {error}"
            raise DecisionError(f"{field}.template", "template", message) from error
        return Said(reader, title, words, labels, variants)


def _wordings(declared: Mapping[str, Wording]) -> Wordings:
    whole = declared[DEFAULT]
    return Wordings(
        prepared(whole.title or ""),
        prepared(whole.words or ""),
        tuple(
            (channel, _own(one.title), _own(one.words))
            for channel, one in declared.items()
            if channel != DEFAULT
        ),
        tuple((name, prepared(text)) for name, text in whole.labels.items()),
    )


def _own(written: str | None) -> Text | None:
    return None if not written else prepared(written)


def _line(title: str) -> str:
    """A title in one line; one that is too long ends early: whom it is for must hear of it all the same."""
    if len(title) <= LONGEST_TITLE and title.isprintable() and "  " not in title:
        return title
    line = " ".join(title[: 4 * LONGEST_TITLE].split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"
