"""A template: one text in several languages, each with variants for the channels that need their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

from jinja2 import TemplateError
from jinja2.runtime import Context

from state_machines.errors import DecisionError
from state_machines.form.definition import Wording
from state_machines.templates.filters import READER, Unspeakable
from state_machines.templates.reader import Reader, reader_of, wished_language
from state_machines.templates.sandbox import LINK, compiled

DEFAULT = "default"
"""The variant for every channel that has none of its own."""

LONGEST_TITLE = 300
LONGEST_WORDS = 100_000
"""Characters of a rendered text."""
MOST_PARTS = 20_000
"""Pieces of text and values that one is put together from; a loop gives some at each turn."""


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


@dataclass(frozen=True, slots=True)
class Template:
    """A template of a definition.

    Attributes:
        name: its name.
        language: what is taken for a reader whose language it does not speak.
        wordings: by language and channel, the texts.
    """

    name: str
    language: str
    wordings: Mapping[str, Mapping[str, Wording]]

    def language_for(self, to: Any) -> str:
        """The language in which this receiver is written to: ``de-AT``, else ``de``, else the default."""
        wished = wished_language(to)
        if wished is None:
            return self.language
        candidates = (wished, wished.partition("-")[0])
        return next((one for one in candidates if one in self.wordings), self.language)

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
        reader = reader_of(to, language, now)
        rendering = _Rendering({**values, LINK: SimpleNamespace(**links), READER: reader})
        wordings = self.wordings[language]
        whole = wordings[DEFAULT]
        variants = {
            channel: self._variant(wording, whole, rendering, field)
            for channel, wording in wordings.items()
            if channel != DEFAULT
        }
        said = self._variant(whole, whole, rendering, field)
        labels = {name: self._text(text, rendering, field) for name, text in whole.labels.items()}
        return Said(reader, said["title"], said["words"], labels, variants)

    def _variant(
        self, wording: Wording, whole: Wording, rendering: _Rendering, field: str
    ) -> Mapping[str, str]:
        title = self._text(wording.title or whole.title or "", rendering, field)
        words = self._text(wording.words or whole.words or "", rendering, field)
        return {"title": _line(title), "words": words}

    def _text(self, text: str, rendering: _Rendering, field: str) -> str:
        try:
            return rendering.of(text)
        except _TooLong as error:
            message = f"{self.name!r} gives {error}"
            raise DecisionError(f"{field}.template", "too-long", message) from None
        except (Unspeakable, TemplateError, TypeError, ValueError, ArithmeticError) as error:
            message = f"{self.name!r} cannot be said: {error}"
            raise DecisionError(f"{field}.template", "template", message) from error


class _TooLong(Exception):
    """A text has more characters or more parts than one may have."""


class _Rendering:
    """Texts with the same values: each is rendered once, and all of them in one context of Jinja's."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._context: Context | None = None
        self._said: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The text with its values in their places. Raises what rendering raises."""
        said = self._said.get(text)
        if said is None:
            template = compiled(text)
            if self._context is None:
                self._context = template.new_context(self._values)
            said = self._said[text] = "".join(_bounded(template.root_render_func(self._context))).strip()
        return said


def _bounded(parts: Iterable[str]) -> Iterator[str]:
    """The same parts, as long as they are no more than a message holds."""
    length = 0
    for number, part in enumerate(parts):
        length += len(part)
        if length > LONGEST_WORDS or number == MOST_PARTS:
            raise _TooLong(f"more than {LONGEST_WORDS:,} characters or {MOST_PARTS:,} parts")
        yield part


def _line(title: str) -> str:
    """A title in one line; one that is too long ends early: whom it is for must hear of it all the same."""
    line = " ".join(title[: 4 * LONGEST_TITLE].split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"
