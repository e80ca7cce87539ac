"""An expression ready to be evaluated any number of times, by any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.callables import as_json
from state_machines.expressions.bounded.checked_tree import Name, Uint, parts_of, read_tree
from state_machines.expressions.bounded.compiling import compiled
from state_machines.expressions.bounded.kinds import BoolKey
from state_machines.expressions.bounded.loops import check_order
from state_machines.expressions.bounded.optional_values import ABSENT
from state_machines.expressions.bounded.run import Failed
from state_machines.expressions.bounded.variables import Part, Variable

if TYPE_CHECKING:
    from state_machines.expressions.functions import Function

_LEAST, _MOST = -(2**63), 2**63 - 1
_AS_THEY_ARE = frozenset({bool, float, type(None), timedelta, bytes})


class Program:
    """A program: its Python is written when it is first evaluated, since a process evaluates few of all.

    Args:
        checked: what CEL's library made of the text. (The library ships no types.)
        variables: by name.
        functions: those that are written in Python, by name.
        lists_only: whether nothing but lists may be walked.
        optional: whether it gives an optional value: `evaluate_json` then gives what that holds, or `ABSENT`.

    Attributes:
        evaluate_raw: as `evaluate`, of a view; what it gives may hold types and optional values, and unsigned
            numbers.
        evaluate_json: the value as JSON (see `to_json`), of a view. Raises Failed, Spent, NotJson.
    """

    __slots__ = (
        "_checked",
        "_functions",
        "_is_json",
        "_lists_only",
        "_optional",
        "_part",
        "_size",
        "_variables",
        "evaluate_json",
        "evaluate_raw",
    )

    def __init__(
        self,
        checked: Any,
        variables: Mapping[str, Variable],
        functions: Mapping[str, Function],
        *,
        lists_only: bool = False,
        optional: bool = False,
    ) -> None:
        self._checked = checked
        self._variables = variables
        self._functions = functions
        self._is_json: bool | None = None
        self._part: Part | None = None
        self._size: int | None = None
        self._lists_only = lists_only
        self._optional = optional
        self.evaluate_raw: Callable[[Any], Any] = self._first
        self.evaluate_json: Callable[[Any], Any] = self._first_json

    def check(self) -> None:
        """Look at it.

        Raises:
            ValueError: it walks what has no order, or makes what no expression here may.
        """
        check_order(self.part.tree, self._functions)

    def evaluate(self, view: Any) -> Any:
        """The value for what this view holds: a plain one, all of whose parts CEL has, too; or `ABSENT`.

        Raises:
            Failed: it has none for these data.
            Spent: it took too much.
        """
        value = self.evaluate_raw(view)
        return value if value is ABSENT else _plain(value)

    @property
    def gives_json(self) -> bool:
        """Whether what it gives is JSON for sure."""
        if self._is_json is None:
            self._compile()
        return bool(self._is_json)

    @property
    def size(self) -> int:
        """How many parts it has, with those of the named expressions in it."""
        if self._size is None:
            self._size = 0
            for one in parts_of(self.part.tree):
                variable = self._variables.get(one.name) if isinstance(one, Name) else None
                named = None if variable is None else variable.program
                self._size += 1 if named is None else named.size
        return self._size

    @property
    def part(self) -> Part:
        """What is translated of it."""
        if self._part is None:
            tree = read_tree(self._checked.serialize())
            self._part = Part(tree, self._variables, self._functions, self._lists_only, self._optional)
        return self._part

    def _first(self, view: Any) -> Any:
        self._compile()
        return self.evaluate_raw(view)

    def _first_json(self, view: Any) -> Any:
        self._compile()
        return self.evaluate_json(view)

    def _compile(self) -> None:
        function, self._is_json = compiled(self.part)
        self.evaluate_raw = function
        self.evaluate_json = function if self._is_json else lambda view: as_json(function(view))


def _plain(value: Any) -> Any:
    """The same value, if CEL has it and it holds nothing of CEL's own; else one with plain parts.

    Raises:
        Failed: CEL has no such value.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is str:
        if not value.isascii():
            _check_text(value)
    elif kind is int:
        if not _LEAST <= value <= _MOST:
            raise Failed("a number beyond 64 bits")
    elif kind is dict:
        changed = {}
        for name, part in value.items():
            if type(name) is not str:
                return {_plain_key(name): _plain(part) for name, part in value.items()}
            if not name.isascii():
                _check_text(name)
            plain = _plain(part)
            if plain is not part:
                changed[name] = plain
        return {**value, **changed} if changed else value
    elif kind is list:
        parts = [_plain(part) for part in value]
        return parts if any(one is not other for one, other in zip(parts, value, strict=True)) else value
    elif kind is datetime:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    elif kind is Uint:
        return int(value)
    else:
        raise Failed(f"gives no plain value: {kind.__name__}")
    return value


def _plain_key(name: Any) -> Any:
    return name.value if type(name) is BoolKey else name


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Failed("a text with half a character in it") from None
