"""A text that needs nothing of Jinja's but its parser, as one Python expression.

Most texts only print values that may go through filters of ours, some of them where a value is there or is a
certain one. What loops or reckons, and whatever is wrong with a value, is Jinja's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import nodes

from state_machines.templates.filters import FILTERS
from state_machines.templates.language import LINK

_NUMBERS = frozenset({int, float})

PlainText = Callable[[Mapping[str, Any], Mapping[str, str], Mapping[str, Any]], str]
"""Of the values by name, of what stands for each link, and of what filters take for Jinja's context."""


class NotPlain(Exception):
    """A text comes to a place that loops or reckons, or whose value is wrong."""


def plain_text(body: Sequence[nodes.Node]) -> PlainText:
    """What says the text of these nodes.

    It raises NotPlain where Jinja is to say the text or to complain of it, and what filters raise. Values
    that are not there are the mapping's to refuse.
    """
    writing = _Writing()
    lines = f"lambda values, links, filtering: {writing.joined(body)}"
    function: PlainText = eval(compile(lines, "<text>", "eval"), writing.known)
    return function


def _number(value: Any) -> str:
    if type(value) in _NUMBERS:
        return str(value)
    raise NotPlain


def _by_jinja() -> NoReturn:
    raise NotPlain


class _Writing:
    """Writes Python; no word of a template gets into it but as the text of a literal.

    Attributes:
        known: what the names in it stand for.
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {"number": _number, "by_jinja": _by_jinja}

    def joined(self, body: Sequence[nodes.Node]) -> str:
        """All of these, one behind the other."""
        parts = list(self._parts(body))
        return parts[0] if len(parts) == 1 else f'"".join(({"".join(f"{one}, " for one in parts)}))'

    def _parts(self, body: Sequence[nodes.Node]) -> Iterator[str]:
        for node in body:
            match node:
                case nodes.Output():
                    yield from map(self._printed, node.nodes)
                case nodes.If():
                    yield f"({self._choice(node)})"
                case _:
                    yield "by_jinja()"

    def _printed(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.TemplateData):
            return repr(node.data)
        place = self._place(node)
        return "by_jinja()" if place is None else f"(v if type(v := {place}) is str else number(v))"

    def _choice(self, node: nodes.If) -> str:
        written = ""
        for one in (node, *node.elif_):
            condition = self._condition(one.test)
            if condition is None:
                return "by_jinja()"
            written += f"{self.joined(one.body)} if {condition} else "
        return written + self.joined(node.else_)

    def _condition(self, test: nodes.Node) -> str | None:
        match test:
            case nodes.Name(name=name):
                return f"values[{name!r}]"
            case nodes.Not(node=inner):
                denied = self._condition(inner)
                return None if denied is None else f"(not {denied})"
            case nodes.And(left=left, right=right):
                first, second = self._condition(left), self._condition(right)
                return None if first is None or second is None else f"({first} and {second})"
            case nodes.Compare(
                expr=nodes.Name(name=name), ops=[nodes.Operand(op="eq", expr=nodes.Const(value=wanted))]
            ):
                return f"values[{name!r}] == {self._named(wanted)}"
        return None

    def _place(self, node: nodes.Node) -> str | None:
        match node:
            case nodes.Name():
                return f"values[{node.name!r}]"
            case nodes.Getattr(node=nodes.Name(name=name), attr=attr) if name == LINK:
                return f"links.get({attr!r})"
            case nodes.Filter(node=inner, name=name, args=[], kwargs=[], dyn_args=None, dyn_kwargs=None) if (
                name in FILTERS and inner is not None
            ):
                value = self._place(inner)
                return None if value is None else f"{self._named(FILTERS[name])}(filtering, {value})"
        return None

    def _named(self, value: Any) -> str:
        name = f"k{len(self.known)}"
        self.known[name] = value
        return name
