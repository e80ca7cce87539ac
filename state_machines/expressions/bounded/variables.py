"""An expression to be translated, and what the names in it stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from state_machines.expressions.bounded.checked_tree import Node

if TYPE_CHECKING:
    from state_machines.expressions.bounded.program import Program
    from state_machines.expressions.functions import Function


class Variable(NamedTuple):
    """A variable of expressions.

    Attributes:
        path: where Python finds it, from the ``view`` on; the name of an expression that has one.
        kind: what it is for sure; None where only the data tell.
        json: whether it is JSON for sure.
        program: of an expression that has a name: its value is found when it is first asked for.
    """

    path: str
    kind: type | None = None
    json: bool = False
    program: Program | None = None


class Bound(NamedTuple):
    """A variable that a macro binds.

    Attributes:
        local: its name in the text.
        json: whether it is JSON for sure.
        later: the function that finds it when it is first asked for, and what that is called with; the local
            is then a list that holds it.
    """

    local: str
    json: bool = False
    later: str = ""


class Part(NamedTuple):
    """An expression to be translated.

    Attributes:
        tree: what it says.
        variables: those that it sees, by name.
        functions: those written in Python, by name.
        lists_only: whether nothing but lists may be walked; else ``exists`` and ``all`` walk maps, too.
        optional: whether it gives an optional value: then what that holds, or `ABSENT`.
    """

    tree: Node
    variables: Mapping[str, Variable]
    functions: Mapping[str, Function]
    lists_only: bool = False
    optional: bool = False
