"""Expressions over a message of another system, which is no event yet: the same CEL, other variables.

What such a message says is read as ``body``; how it came, as ``headers`` and ``query``; when, as ``now``.
Names that are given to expressions are found once a message. Bounds are those of one evaluation in a
decision.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel

from state_machines.errors import ExpressionError
from state_machines.expressions.bounded.program import Program
from state_machines.expressions.bounded.variables import Variable
from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.expression import Expression
from state_machines.expressions.extensions import extensions
from state_machines.expressions.functions import declarations, known
from state_machines.expressions.scope import Names

LONGEST = 400
"""Characters of an expression; what is longer gets names for its parts."""

_T = cel.Type
_TYPES: Mapping[str, Any] = MappingProxyType(
    {
        "body": _T.DYN,
        "headers": _T.Map(_T.STRING, _T.STRING),
        "query": _T.Map(_T.STRING, _T.STRING),
        "now": _T.TIMESTAMP,
    }
)
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "body": "what the message says: its JSON, its form, or its mail",
        "headers": "the header fields of the request, by their names in lower case",
        "query": "the parameters of the address to which it was posted",
        "now": "when it came in",
        "item": "in an event with `each`: the element that it is made for",
    }
)
"""Every variable, and what it is."""
_VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "body": Variable("view.body", None, True),
        "headers": Variable("view.headers", dict, True),
        "query": Variable("view.query", dict, True),
        "now": Variable("view.now", datetime),
        "item": Variable("view.item", None, True),
    }
)


class MessageView:
    """The values of the variables for one message.

    Attributes:
        body: any JSON value.
        headers, query: texts by name.
        now: when it came in, UTC.
        item: what ``item`` stands for.
        names: the expressions that have names; `found` has the values of those that were asked for.
        names_of: the view in which they are evaluated: the one without an item.
    """

    __slots__ = ("body", "found", "headers", "item", "names", "names_of", "now", "query")

    def __init__(
        self,
        body: Any,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        now: datetime,
        names: Mapping[str, Expression],
    ) -> None:
        self.body = body
        self.headers = dict(headers)
        self.query = dict(query)
        self.now = now
        self.item: Any = None
        self.names = names
        self.names_of = self
        self.found: dict[str, Any] = {}

    def named(self, name: str) -> Any:
        """The value of an expression that has a name; found when it is first asked for."""
        if name not in self.found:
            self.found[name] = self.names[name].program.evaluate_raw(self.names_of)
        return self.found[name]

    def with_item(self, item: Any) -> MessageView:
        """The same with ``item`` bound."""
        one = MessageView(self.body, self.headers, self.query, self.now, self.names)
        one.item, one.found, one.names_of = item, self.found, self.names_of
        return one


def compile_message_expression(
    text: str, field: str, names: Names = (), *, item: bool = False, may_be_absent: bool = False
) -> Expression:
    """Compile an expression over a message.

    Args:
        text: without a leading ``=``.
        field: where it stands.
        names: those that are given to other expressions.
        item: whether ``item`` is bound there.
        may_be_absent: whether what leads nowhere is left out there, so that an optional value is one.

    Raises:
        ExpressionError: it is too long, no CEL, names what is not there, or gives an optional value where one
            is needed.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"has {len(text)} characters, {LONGEST} at most; name its parts under `let`", text[:40], field
        )
    try:
        found = _compiled(text, names, item)
    except ValueError as error:
        raise ExpressionError(str(error), text, field) from None
    if found.may_be_absent and not may_be_absent:
        raise ExpressionError("gives an optional value; end it with .orValue(...)", text, field)
    return dataclasses.replace(found, field=field)


@lru_cache(maxsize=4096)
def _compiled(text: str, names: Names, item: bool) -> Expression:
    """Without its place. Raises ValueError with what the compiler says."""
    try:
        checked = _environment(tuple(name for name, _, _ in names), item).compile(text)
    except (RuntimeError, TypeError) as error:  # TypeError: half a character is in it
        said = compiler_message(error) if isinstance(error, RuntimeError) else "is no text that CEL can read"
        raise ValueError(said) from None
    result = checked.return_type().name()
    optional = result.startswith("optional_type")
    if "optional_type" in result and not optional:
        raise ValueError("gives optional values; end each with .orValue(...)")
    variables = {**_VARIABLES, **{name: Variable(name, program=program) for name, _, program in names}}
    program = Program(checked, variables, known(), optional=optional)
    program.check()
    return Expression(text, "", "DYN" if optional else result, optional, program)


@lru_cache(maxsize=256)
def _environment(names: tuple[str, ...], item: bool) -> Any:
    variables = {**_TYPES, **dict.fromkeys(names, _T.DYN)}
    return cel.NewEnv(
        variables={**variables, "item": _T.DYN} if item else variables,
        extensions=extensions(),
        functions=declarations(),
    )
