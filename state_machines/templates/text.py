"""One text of a template, prepared once and rendered with the values of each notice.

Most texts only print: pieces, and values that may go through filters of ours. Those need nothing of Jinja's
but its parser. The others, and whatever is wrong with a value, are Jinja's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from jinja2 import nodes
from jinja2.runtime import Context

from state_machines.templates.bounds import LONGEST_WORDS, MOST_STEPS, STEPS, bounded_parts
from state_machines.templates.filters import FILTERS, READER
from state_machines.templates.language import LINK, compiled, parsed
from state_machines.templates.reader import Reader

_AS_TEXT = frozenset({str, int, float})


class Values:
    """What the texts of one notice are rendered with.

    Attributes:
        values: by name, JSON.
        links: by name, what stands for each link.
        reader: for whom.
    """

    __slots__ = ("_context", "links", "reader", "values")

    def __init__(self, values: Mapping[str, Any], links: Mapping[str, str], reader: Reader) -> None:
        self.values = values
        self.links = links
        self.reader = reader
        self._context: Context | None = None

    @property
    def filtering(self) -> Mapping[str, Any]:
        """What filters take for the context of Jinja that they know the reader from."""
        return {READER: self.reader}

    def by_jinja(self, text: str) -> str:
        """A text with its values in their places. Raises TooLong, and what Jinja raises."""
        template = compiled(text)
        if self._context is None:  # one for all the texts: making it takes longer than most of them
            links = SimpleNamespace(**self.links)
            self._context = template.new_context(
                {**self.values, LINK: links, READER: self.reader, STEPS: [MOST_STEPS]}
            )
        self._context[STEPS][0] = MOST_STEPS
        return "".join(bounded_parts(template.root_render_func(self._context))).strip()


class Text:
    """A text that was read without a fault."""

    __slots__ = ("_form", "_places", "_written")

    def __init__(self, written: str) -> None:
        self._written = written
        self._form: str | None = None
        self._places: tuple[_Place, ...] = ()
        try:
            parts = list(_parts(parsed(written)))
        except _NotPlain:
            return
        self._places = tuple(part for part in parts if isinstance(part, _Place))
        self._form = "".join("%s" if isinstance(part, _Place) else part.replace("%", "%%") for part in parts)

    def say(self, values: Values) -> str:
        """The text with these values. Raises TooLong, and what filters and Jinja raise."""
        if self._form is None:
            return values.by_jinja(self._written)
        found = []
        length = len(self._form)
        for name, is_link, filters in self._places:
            held = values.links if is_link else values.values
            if name not in held:
                return values.by_jinja(self._written)
            value = held[name]
            for each in filters:
                value = each(values.filtering, value)
            kind = type(value)
            if kind not in _AS_TEXT:
                return values.by_jinja(self._written)
            if kind is str:
                length += len(value)
            found.append(value)
        if length > LONGEST_WORDS:
            return values.by_jinja(self._written)
        return (self._form % tuple(found)).strip()


@lru_cache(maxsize=4096)
def prepared(written: str) -> Text:
    """The text that is written so."""
    return Text(written)


class _Place(NamedTuple):
    """A value in a text: its name, whether that is a link's, and the filters that it goes through."""

    name: str
    is_link: bool
    filters: tuple[Callable[[Any, Any], Any], ...]


class _NotPlain(Exception):
    """A text chooses, loops or reckons."""


def _parts(template: nodes.Template) -> Iterator[str | _Place]:
    for output in template.body:
        if not isinstance(output, nodes.Output):
            raise _NotPlain
        for node in output.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else _place(node, ())


def _place(node: nodes.Node, filters: tuple[Callable[[Any, Any], Any], ...]) -> _Place:
    match node:
        case nodes.Name():
            return _Place(node.name, False, filters)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr) if name == LINK:
            return _Place(attr, True, filters)
        case nodes.Filter(node=inner, name=name, args=[], kwargs=[], dyn_args=None, dyn_kwargs=None) if (
            name in FILTERS and inner is not None
        ):
            own: Any = FILTERS[name]
            return _place(inner, (own, *filters))
    raise _NotPlain
