"""One text of a template, prepared once and rendered with the values of each notice.

Most texts only print pieces, and values that may go through filters of ours, some of them where a value is
there or is a certain one. Those need nothing of Jinja's but its parser. What loops or reckons, and whatever
is wrong with a value, is Jinja's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from jinja2 import nodes
from jinja2.runtime import Context

from state_machines.templates.bounds import LONGEST_WORDS, MOST_STEPS, STEPS, bounded_parts
from state_machines.templates.filters import FILTERS, READER
from state_machines.templates.home import HOME
from state_machines.templates.language import LINK, compiled, parsed
from state_machines.templates.reader import Reader

_NUMBERS = frozenset({int, float})


class _InTheirLanguage(dict[str, Any]):
    """Values of which each is said in the reader's language once a text asks for it: most never are."""

    def __init__(self, given: Mapping[str, Any], language: str) -> None:
        super().__init__()
        self._given = given
        self._language = language

    def __missing__(self, name: str) -> Any:
        value = self[name] = HOME.said_in(self._language, self._given[name])
        return value

    def all(self) -> dict[str, Any]:
        """Each of them."""
        return {name: self[name] for name in self._given}


class Values:
    """What the texts of one notice are rendered with.

    Attributes:
        values: by name, JSON; a KeyError where there is none of a name.
        links: by name, what stands for each link.
        reader: for whom.
    """

    __slots__ = ("_context", "links", "reader", "values")

    def __init__(self, values: Mapping[str, Any], links: Mapping[str, str], reader: Reader) -> None:
        self.values = _InTheirLanguage(values, reader.language)
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
                {**self.values.all(), LINK: links, READER: self.reader, STEPS: [MOST_STEPS]}
            )
        self._context[STEPS][0] = MOST_STEPS
        return "".join(bounded_parts(template.root_render_func(self._context))).strip()


class Text:
    """A text that was read without a fault."""

    __slots__ = ("_parts", "_written")

    def __init__(self, written: str) -> None:
        self._written = written
        self._parts = tuple(_parts(parsed(written).body))

    def say(self, values: Values) -> str:
        """The text with these values. Raises TooLong, and what filters and Jinja raise."""
        said: list[str] = []
        try:
            _say(self._parts, values, said)
        except _NotPlain:
            return values.by_jinja(self._written)
        text = "".join(said)
        return values.by_jinja(self._written) if len(text) > LONGEST_WORDS else text.strip()


def _say(parts: Sequence[_Part], values: Values, said: list[str]) -> None:
    """Add what these parts say. Raises _NotPlain for what is Jinja's to say, or to complain of."""
    for part in parts:
        if type(part) is str:
            said.append(part)
        elif type(part) is _Place:
            name, is_link, filters = part
            value = _held(values.links if is_link else values.values, name)
            for each in filters:
                value = each(values.filtering, value)
            kind = type(value)
            if kind is str:
                said.append(value)
            elif kind in _NUMBERS:
                said.append(str(value))
            else:
                raise _NotPlain
        elif type(part) is _Choice:
            for condition, then in part.branches:
                if condition(values.values):
                    _say(then, values, said)
                    break
            else:
                _say(part.otherwise, values, said)
        else:
            raise _NotPlain


@lru_cache(maxsize=4096)
def prepared(written: str) -> Text:
    """The text that is written so."""
    return Text(written)


class _NotPlain(Exception):
    """A text comes to a place that loops or reckons, or whose value is wrong."""


_Condition = Callable[[Mapping[str, Any]], bool]


class _Place(NamedTuple):
    """A value in a text: its name, whether that is a link's, and the filters that it goes through."""

    name: str
    is_link: bool
    filters: tuple[Callable[[Any, Any], Any], ...]


class _Choice(NamedTuple):
    """What is said on conditions: the first that holds, or else the rest."""

    branches: tuple[tuple[_Condition, tuple[_Part, ...]], ...]
    otherwise: tuple[_Part, ...]


_Part = str | _Place | _Choice | None
"""None stands for what is Jinja's: a text that comes to it is rendered by Jinja as a whole."""


def _parts(body: Sequence[nodes.Node]) -> Iterator[_Part]:
    for node in body:
        match node:
            case nodes.Output():
                for one in node.nodes:
                    yield one.data if isinstance(one, nodes.TemplateData) else _place(one, ())
            case nodes.If():
                yield _choice(node)
            case _:
                yield None


def _choice(node: nodes.If) -> _Choice | None:
    branches: list[tuple[_Condition, tuple[_Part, ...]]] = []
    for one in (node, *node.elif_):
        condition = _condition(one.test)
        if condition is None:
            return None
        branches.append((condition, tuple(_parts(one.body))))
    return _Choice(tuple(branches), tuple(_parts(node.else_)))


def _condition(test: nodes.Node) -> _Condition | None:
    match test:
        case nodes.Name(name=name):
            return lambda values: bool(_held(values, name))
        case nodes.Not(node=inner):
            denied = _condition(inner)
            return None if denied is None else lambda values: not denied(values)
        case nodes.And(left=left, right=right):
            first, second = _condition(left), _condition(right)
            if first is None or second is None:
                return None
            return lambda values: first(values) and second(values)
        case nodes.Compare(
            expr=nodes.Name(name=name), ops=[nodes.Operand(op="eq", expr=nodes.Const(value=wanted))]
        ):
            return lambda values: bool(_held(values, name) == wanted)
    return None


def _held(values: Mapping[str, Any], name: str) -> Any:
    try:
        return values[name]
    except KeyError:
        raise _NotPlain from None


def _place(node: nodes.Node, filters: tuple[Callable[[Any, Any], Any], ...]) -> _Place | None:
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
    return None
