"""The language of templates: a small part of Jinja, which sees values and cannot reach anything else.

A template prints values, asks whether they are there and goes through lists. It calls nothing, reads no
attributes, loads no files and knows neither the time nor chance: what it may not do is refused when the
definition is loaded, by its syntax tree, and could not be done by the environment that renders them either.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from state_machines.templates import bounds
from state_machines.templates.filters import FILTERS, Unspeakable

LINK = "link"
"""The name under which a template finds the links of its notice: ``{{ link.pick }}``."""

PLAIN_FILTERS = (
    "capitalize",
    "default",
    "first",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "trim",
    "upper",
)
"""Jinja's own filters that remain: pure, and of a size that their input bounds."""

_FILTERS = frozenset({*PLAIN_FILTERS, *FILTERS})
"""All that a template may use."""

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For,
    nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.List, nodes.Tuple, nodes.Keyword, nodes.Getattr,
)  # fmt: skip
_MOST_LEVELS = 50
"""Of parts within each other, such as a sum of sums."""
_DEEPEST = 2
"""Loops within loops: more would let a template of ten words work for hours."""


def _said(value: Any) -> Any:
    """What a place in a template shows: a text or a number. Anything else would be a hole in the message."""
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float | StrictUndefined):
        shown = "nothing" if value is None else f"a {type(value).__name__}"
        raise Unspeakable(f"a place holds {shown} where a text or a number must be")
    return value


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, finalize=_said, trim_blocks=True, lstrip_blocks=True
    )
    own = {**FILTERS, **bounds.FILTERS}
    environment.filters = {name: environment.filters[name] for name in PLAIN_FILTERS} | own
    environment.globals.clear()
    return environment


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at a template's text has found.

    Attributes:
        uses: the values that it needs.
        bare: those of them that it shows, or passes on, without having asked whether they are there.
        links: the links that it names.
        problems: (rule, sentence) for all that is wrong with it.
    """

    uses: frozenset[str]
    bare: frozenset[str]
    links: frozenset[str]
    problems: tuple[tuple[str, str], ...]


_NONE: frozenset[str] = frozenset()
_TOO_DEEP = Reading(_NONE, _NONE, _NONE, (("template-part", f"nests deeper than {_MOST_LEVELS} levels"),))


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Look at a template without rendering it."""
    try:
        tree = _environment().parse(text)
    except TemplateSyntaxError as error:
        fault = ("template-syntax", f"line {error.lineno} of the text: {error.message}")
        return Reading(frozenset(), frozenset(), frozenset(), (fault,))
    except RecursionError:
        return _TOO_DEEP
    if _depth(tree) > _MOST_LEVELS:
        return _TOO_DEEP
    seen = list(_walk(tree, frozenset(), frozenset(), 0))
    problems = dict.fromkeys(one.fault for one in seen if one.fault is not None)
    return Reading(
        frozenset(one.value for one in seen if one.value is not None),
        frozenset(one.value for one in seen if one.value is not None and one.bare),
        frozenset(one.link for one in seen if one.link is not None),
        tuple(problems),
    )


def parsed(text: str) -> nodes.Template:
    """The syntax tree of a text that was read without a fault."""
    return _environment().parse(text)


@lru_cache(maxsize=4096)
def compiled(text: str) -> Template:
    """The template of a text that was read without a fault."""
    return _environment().from_string(bounds.bounded(parsed(text)))


@dataclass(frozen=True, slots=True)
class _Sight:
    """One thing noticed on the way through a tree."""

    value: str | None = None
    bare: bool = False
    link: str | None = None
    fault: tuple[str, str] | None = None


def _depth(tree: nodes.Node) -> int:
    """How deep the parts of a template stand within each other."""
    deepest, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return deepest


def _walk(node: nodes.Node, local: frozenset[str], asked: frozenset[str], depth: int) -> Iterator[_Sight]:
    """Everything noticed under a node, given the names that loops bind and the values that were asked for."""
    if not isinstance(node, _ALLOWED):
        yield _Sight(fault=_refused(node))
        return
    match node:
        case nodes.Name():
            yield from _name(node, local, asked)
        case nodes.Getattr():
            yield from _attribute(node, local)
        case nodes.Filter() if node.name not in _FILTERS:
            known = ", ".join(sorted(_FILTERS))
            yield _Sight(fault=("unknown-filter", f"there is no filter {node.name!r}; there are {known}"))
        case nodes.Test() if node.name not in _environment().tests:
            yield _Sight(fault=("template-syntax", f"there is no test {node.name!r}"))
        case nodes.If() | nodes.CondExpr():
            yield from _choice(node, local, asked, depth)
        case nodes.For():
            yield from _loop(node, local, asked, depth)
        case _:
            for child in node.iter_child_nodes():
                yield from _walk(child, local, asked, depth)


def _name(node: nodes.Name, local: frozenset[str], asked: frozenset[str]) -> Iterator[_Sight]:
    if node.name == LINK and node.name not in local:
        yield _Sight(fault=("template-part", "a link is named as in {{ link.pick }}"))
    elif node.name not in local:
        yield _Sight(value=node.name, bare=node.name not in asked)


def _attribute(node: nodes.Getattr, local: frozenset[str]) -> Iterator[_Sight]:
    holder = node.node
    if isinstance(holder, nodes.Name) and holder.name == LINK and LINK not in local:
        yield _Sight(link=node.attr)
    elif not (isinstance(holder, nodes.Name) and holder.name == "loop" and "loop" in local):
        message = (
            f"a template reads no attributes (.{node.attr}): whether they are there cannot be checked; "
            "give each as a value of its own"
        )
        yield _Sight(fault=("template-part", message))


def _choice(
    node: nodes.If | nodes.CondExpr, local: frozenset[str], asked: frozenset[str], depth: int
) -> Iterator[_Sight]:
    there = frozenset(
        one.name for one in [node.test, *node.test.find_all(nodes.Name)] if isinstance(one, nodes.Name)
    )
    yield from _walk(node.test, local, asked | there, depth)
    then = node.body if isinstance(node, nodes.If) else [node.expr1]
    for child in then:
        yield from _walk(child, local, asked | there, depth)
    others = [*node.elif_, *node.else_] if isinstance(node, nodes.If) else [node.expr2]
    for other in others:
        if other is not None:
            yield from _walk(other, local, asked, depth)


def _loop(node: nodes.For, local: frozenset[str], asked: frozenset[str], depth: int) -> Iterator[_Sight]:
    if node.recursive or depth >= _DEEPEST:
        yield _Sight(
            fault=("template-part", f"at most {_DEEPEST} loops within each other, and none recursive")
        )
        return
    yield from _walk(node.iter, local, asked, depth)
    bound = frozenset(
        one.name for one in [node.target, *node.target.find_all(nodes.Name)] if isinstance(one, nodes.Name)
    )
    inner = local | bound | {"loop"}
    for child in [*node.body, *node.else_, *([node.test] if node.test is not None else [])]:
        yield from _walk(child, inner, asked, depth + 1)


def _refused(node: nodes.Node) -> tuple[str, str]:
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).lower()
    return ("template-part", f"line {node.lineno} of the text: a template has no use for this ({kind})")
