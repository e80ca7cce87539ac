"""What rendering a text may take: Jinja itself counts nothing.

Before a template is compiled, all that goes through its loops, its filters, its comparisons and its sums is
made to go through a count: a step for each turn of a loop, and for each piece of what is looked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

LONGEST_WORDS = 100_000
"""Characters of a rendered text."""
MOST_PARTS = 20_000
"""Pieces of text and values that one is put together from; a loop gives some at each turn."""
MOST_STEPS = 20_000
"""Turns of loops, and pieces of what is looked through, in one text."""
STEPS = "_steps"
"""Under which name the steps that are left stand in a template's context; no value can have such a name."""
_PIECE = 6
"""Two to the power of this are the items, or the characters, that count as one step."""


class TooLong(Exception):
    """A text has more characters or more parts, or takes more steps, than one may."""


def bounded(template: nodes.Template) -> nodes.Template:
    """The same template, which counts; it needs `STEPS` in its context, a list that holds a number."""
    counting: nodes.Template = _Counting().visit(template)
    return counting


def bounded_parts(parts: Iterable[str]) -> Iterator[str]:
    """The same parts, as long as they are no more than a message holds. Raises TooLong."""
    length = 0
    for number, part in enumerate(parts):
        length += len(part)
        if length > LONGEST_WORDS or number == MOST_PARTS:
            raise TooLong(f"more than {LONGEST_WORDS:,} characters or {MOST_PARTS:,} parts")
        yield part


@pass_context
def counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    """What a loop goes through, a step for each turn. Raises TooLong."""
    for value in values:
        _spend(context, 1)
        yield value


@pass_context
def weighed(context: Context, value: Any) -> Any:
    """A value that is looked through, the more steps the longer it is. Raises TooLong."""
    if isinstance(value, str | list | dict):
        _spend(context, len(value) >> _PIECE)
    return value


def join(values: Iterable[Any], separator: str = "") -> str:
    """Jinja's own filter, for texts that are no longer than a message. Raises TooLong."""
    texts = [str(one) for one in values]
    _check_length(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def replace(text: Any, old: str, new: str, count: int | None = None) -> str:
    """In the same way."""
    said = str(text)
    times = said.count(old) if old else len(said) + 1
    _check_length(len(said) + (times if count is None else min(times, count)) * len(new))
    return said.replace(old, new, -1 if count is None else count)


FILTERS: Mapping[str, Any] = {"join": join, "replace": replace, "_counted": counted, "_weighed": weighed}
"""By the name that templates use; the last two only as they are compiled."""


def _spend(context: Context, steps: int) -> None:
    left = context[STEPS]
    left[0] -= steps
    if left[0] < 0:
        raise TooLong(f"more than {MOST_STEPS:,} turns of loops or pieces looked through")


def _check_length(length: int) -> None:
    if length > LONGEST_WORDS:
        raise TooLong(f"more than {LONGEST_WORDS:,} characters")


class _Counting(NodeTransformer):
    """Leads through the counts whatever may be long."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = _through("_counted", node.iter)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Filter:
        self.generic_visit(node)
        if node.node is not None:
            node.node = _through("_weighed", node.node)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        node.expr = _through("_weighed", node.expr)
        for operand in node.ops:
            operand.expr = _through("_weighed", operand.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Concat:
        self.generic_visit(node)
        node.nodes = [_through("_weighed", one) for one in node.nodes]
        return node

    def visit_Add(self, node: nodes.Add) -> nodes.Add:
        self.generic_visit(node)
        node.left, node.right = _through("_weighed", node.left), _through("_weighed", node.right)
        return node


def _through(name: str, node: Any) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
