"""An expression ready to be evaluated any number of times, by any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from state_machines.expressions.bounded.checked_tree import (
    Call,
    Constant,
    Name,
    Node,
    Select,
    Uint,
    read_tree,
)
from state_machines.expressions.bounded.closures import Closures
from state_machines.expressions.bounded.kinds import BoolKey, weigh
from state_machines.expressions.bounded.loops import Closure
from state_machines.expressions.bounded.run import MOST_BYTES, MOST_STEPS, Failed
from state_machines.values.json_values import to_json

if TYPE_CHECKING:
    from state_machines.expressions.functions import Function

_LEAST, _MOST = -(2**63), 2**63 - 1
_AS_THEY_ARE = frozenset({bool, float, type(None), timedelta, bytes})


class Program:
    """A program: its closures are made when it is first evaluated, since a process evaluates few of all.

    Args:
        checked: what CEL's library made of the text. (The library ships no types.)
        variables: how the value of each variable is found in a view, by name.
        functions: those that are written in Python, by name.
        lists_only: whether nothing but lists may be walked.
    """

    __slots__ = ("_made", "_make")
    _make: Callable[[], _Made]

    def __init__(
        self,
        checked: Any,
        variables: Mapping[str, Callable[[Any], Any]],
        functions: Mapping[str, Function],
        *,
        lists_only: bool = False,
    ) -> None:
        self._make = lambda: _made(checked.serialize(), variables, functions, lists_only)
        self._made: _Made | None = None

    def complete(self) -> None:
        """Make its closures now.

        Raises:
            ValueError: it walks what has no order.
        """
        self._made = self._make()

    def evaluate(self, view: Any) -> Any:
        """The value for what this view holds: a plain one, all of whose parts CEL has, too.

        Raises:
            Failed: it has none for these data.
            Spent: it took too much.
        """
        return _plain(self.evaluate_raw(view))

    def evaluate_raw(self, view: Any) -> Any:
        """As `evaluate`; what it gives may hold types and optional values, and unsigned numbers."""
        made = self._made
        if made is None:
            try:
                made = self._made = self._make()
            except ValueError as error:  # what no look at its text could tell
                raise Failed(str(error)) from None
        run = [view, MOST_STEPS, MOST_BYTES, *made.room]
        value = made.closure(run)
        if made.room and type(value) in (list, dict):
            weigh(value, run)  # what a loop makes may hold the same value a thousand times
        return value

    def evaluate_json(self, view: Any) -> Any:
        """The value as JSON (see `to_json`). Raises Failed, Spent, NotJson."""
        value = self.evaluate_raw(view)
        return value if self._made is not None and self._made.reads else to_json(value)


class _Made(NamedTuple):
    """The closure, the room that a run of it needs, and whether it only reads what stands in the data."""

    closure: Closure
    room: list[None]
    reads: bool


def _made(
    serialized: bytes,
    variables: Mapping[str, Callable[[Any], Any]],
    functions: Mapping[str, Function],
    lists_only: bool,
) -> _Made:
    closures = Closures(variables, functions, lists_only=lists_only)
    tree = read_tree(serialized)
    closure = closures.of(tree)
    return _Made(closure, [None] * closures.places, _only_reads(tree))


_JSON = frozenset({"data", "event.data", "item"})
"""Variables that hold JSON."""


def _only_reads(node: Node) -> bool:
    """Whether it leads to a part of what JSON variables hold, and makes nothing."""
    match node:
        case Name(name):
            return name in _JSON
        case Constant(value):
            return type(value) in (str, int, bool, type(None))
        case Select(operand, _, tests):
            return tests or _only_reads(operand)
        case Call("_?._" | "orValue", (operand, other), _):
            return _only_reads(operand) and _only_reads(other)
    return False


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
