"""What a notice or a link's page says: its own title and words, or those of a template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from state_machines.compilation.arguments import Listed
from state_machines.effects.values import text_of
from state_machines.errors import DecisionError
from state_machines.expressions.view import View
from state_machines.subject import NOTHING
from state_machines.templates import Said, Template, reader_of
from state_machines.templates.home import HOME

WHAT = "what"
"""The value that says what went wrong; without it what only a person may say would be empty words."""

Values = Mapping[str, Any]


def placeholder(link: str) -> str:
    """What stands for a link in words until they are sent."""
    return "{{link." + link + "}}"


class Words(Protocol):
    """Says one thing to any number of receivers."""

    def say(self, view: View, to: Any, values: Values) -> Said:
        """The words for one receiver, from the values that the notice gives. Raises DecisionError."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """`title` and `words`, the same for everybody, which are found together."""

    field: str
    title_and_words: Listed
    language: str

    def say(self, view: View, to: Any, values: Values) -> Said:
        """They as they are."""
        title, words = self.title_and_words.value(view)
        text_of(title, self.field, "title")
        text_of(words, self.field, "words")
        return Said(reader_of(to, self.language, view.now), title, words, NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """A template, in each receiver's language.

    Attributes:
        field: the notice or link that uses it.
        template: it.
        links: names of the links that its words hold.
        needs_what: whether it tells somebody what went wrong.
        at_home: whether it is for people of the house, who read its language and its clock if not their own.
    """

    field: str
    template: Template
    links: Mapping[str, str]
    needs_what: bool = False
    at_home: bool = False

    def say(self, view: View, to: Any, values: Values) -> Said:
        """The template's words with these values."""
        if self.needs_what and not (isinstance(values[WHAT], str) and values[WHAT].strip()):
            message = f"the value {WHAT!r} is empty: who is told this must hear what went wrong"
            raise DecisionError(f"{self.field}.values.{WHAT}", "no-what", message)
        reader = HOME.reads(to) if self.at_home else to
        return self.template.say(reader, values, self.links, view.now, self.field)
