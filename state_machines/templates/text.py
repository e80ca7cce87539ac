"""One text of a template, prepared once and rendered with the values of each notice: plainly, or by Jinja."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from jinja2.runtime import Context

from state_machines.templates.bounds import LONGEST_WORDS, MOST_STEPS, STEPS, bounded_parts
from state_machines.templates.filters import READER
from state_machines.templates.home import HOME
from state_machines.templates.language import LINK, compiled, parsed
from state_machines.templates.plain_text import NotPlain, plain_text
from state_machines.templates.reader import Reader


class _InTheirLanguage(dict[str, Any]):
    """Values of which each is said in the reader's language once a text asks for it: most never are."""

    def __init__(self, given: Mapping[str, Any], language: str) -> None:
        super().__init__()
        self._given = given
        self._language = language

    def __missing__(self, name: str) -> Any:
        if name not in self._given:
            raise NotPlain
        value = self[name] = HOME.said_in(self._language, self._given[name])
        return value

    def all(self) -> dict[str, Any]:
        """Each of them."""
        return {name: self[name] for name in self._given}


class Values:
    """What the texts of one notice are rendered with.

    Attributes:
        values: by name, JSON; NotPlain where there is none of a name.
        links: by name, what stands for each link.
        reader: for whom.
        filtering: what filters take for the context of Jinja that they know the reader from.
    """

    __slots__ = ("_context", "filtering", "links", "reader", "values")

    def __init__(self, values: Mapping[str, Any], links: Mapping[str, str], reader: Reader) -> None:
        self.values = _InTheirLanguage(values, reader.language)
        self.links = links
        self.reader = reader
        self.filtering = {READER: reader}
        self._context: Context | None = None

    def by_jinja(self, text: str) -> str:
        """A text with its values in their places. Raises TooLong, and what Jinja raises."""
        template = compiled(text)
        if self._context is None:  # one for all the texts: making it takes longer than most of them
            links = SimpleNamespace(**self.links)
            self._context = template.new_context(
                {**self.values.all(), LINK: links, READER: self.reader, STEPS: [MOST_STEPS]}
            )
        self._context[STEPS][0] = MOST_STEPS
        return "".join(bounded_parts(template.root_render_func(self._context))).strip()


class Text:
    """A text that was read without a fault."""

    __slots__ = ("_plain", "_written")

    def __init__(self, written: str) -> None:
        self._written = written
        self._plain = plain_text(parsed(written).body)

    def say(self, values: Values) -> str:
        """The text with these values. Raises TooLong, and what filters and Jinja raise."""
        try:
            text = self._plain(values.values, values.links, values.filtering)
        except NotPlain:
            return values.by_jinja(self._written)
        return values.by_jinja(self._written) if len(text) > LONGEST_WORDS else text.strip()


@lru_cache(maxsize=4096)
def prepared(written: str) -> Text:
    """The text that is written so."""
    return Text(written)
