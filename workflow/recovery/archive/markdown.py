"""A service alert as Markdown, and that Markdown as HTML.

What people said is text and nothing else: whatever would mean something to Markdown is escaped when it is
written, and HTML in it stays what it was, letters. Source: CommonMark 0.31.2, 2.4 (backslash escapes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workflow.recovery.archive.length_words import length_in_words

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MEANINGFUL = re.compile(r"[\\`*_\[\]<&|~]|^[-+#=>]")
"""Marks that mean something wherever they stand, or at the beginning of a line."""
_NUMBERED = re.compile(r"^(\d+)([.)])")
_BLANK = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a document is read aloud: by whoever reads it, in their language.

    Attributes:
        say: a text of the document's own, such as a heading or an instant, in that language.
        name: what a state, trigger, field or channel is called: of its kind, its name and the lifecycle, or
            the key of a subject that lives through it.
    """

    say: Callable[[Any], Any]
    name: Callable[[str, Any, str | None], str]


def _as_defined(kind: str, name: Any, lifecycle: str | None = None) -> str:
    return str(name).replace("_", " ")


AS_WRITTEN = Reading(lambda text: length_in_words(text, "en"), _as_defined)
"""In English, with names as definitions give them."""


def markdown(document: Mapping[str, Any], reading: Reading = AS_WRITTEN) -> str:
    """The document as CommonMark, with tables as GitHub has them."""
    template = _environment().get_template("alert.md")
    written = template.render(document, say=reading.say, name=reading.name)
    return _BLANK.sub("\n\n", written).strip() + "\n"


def html(text: str) -> str:
    """The HTML of such a Markdown text; safe to put into a page.

    Each cell of a table names its column, so that a telephone has a row as a block.
    """
    reader = _reader()
    tokens = reader.parse(text)
    _name_cells(tokens)
    return str(reader.renderer.render(tokens, reader.options, {}))


def _name_cells(tokens: Sequence[Token]) -> None:
    names: list[str] = []
    column = 0
    for token, inside in pairwise(tokens):
        if token.type == "table_open":
            token.attrSet("class", "cards")
            names = []
        elif token.type == "th_open":
            names.append("".join(one.content for one in inside.children or ()))
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            token.attrSet("data-label", names[column])
            column += 1


def escaped(value: Any) -> str:
    """A text that means itself, in one line, wherever in Markdown it stands."""
    line = _MEANINGFUL.sub(r"\\\g<0>", " ".join(str(value).split()))
    return _NUMBERED.sub(r"\1\\\2", line) if line[:1].isdecimal() else line


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # the filter `text` escapes, for Markdown
        auto_reload=False,  # it is a part of this program
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = escaped
    return environment


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # a start does not wait for it

    return MarkdownIt("commonmark", {"html": False}).enable("table")
