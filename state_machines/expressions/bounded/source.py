"""The Python text of an expression: flat lines, each of which finds one value, in one function.

What nests deeper than Python's blocks may becomes a function of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from state_machines.expressions.bounded.run import MOST_BYTES, MOST_STEPS

DEEPEST = 12
"""Levels of blocks in one function; Python bears 20 that loop or catch."""
_NAME = re.compile("[a-z]+[0-9]+")
_WRITTEN = frozenset({str, bool, type(None)})


class Value(NamedTuple):
    """A value that the lines so far have found.

    Attributes:
        text: the name that it has in the text, or a literal.
        kind: what it is for sure; None where only the data tell.
        json: whether it is JSON for sure.
    """

    text: str
    kind: type | None = None
    json: bool = False


class Line(NamedTuple):
    """One line and how deep it stands."""

    depth: int
    text: str


class Source:
    """The text while it is being written.

    Attributes:
        names: what the text calls by name, besides what it is given.
        fails: how many of its lines may find that there is no value.
        counts: whether it counts what it spends.
        loops: how many loops the next line stands in.
        shares: whether it may give a value that holds another one many times.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.fails = 0
        self.counts = False
        self.loops = 0
        self.shares = False
        self._functions: list[str] = []
        self._lines: list[Line] = []
        self._reads: dict[str, str] = {}
        self._depth = 1
        self._made = 0

    @property
    def is_deep(self) -> bool:
        """Whether what comes next belongs in a function of its own."""
        return self._depth > DEEPEST

    def line(self, text: str) -> None:
        """One more line."""
        self._lines.append(Line(self._depth, text))

    def new(self, letter: str = "t") -> str:
        """A name that nothing has."""
        self._made += 1
        return f"{letter}{self._made}"

    def let(self, text: str, *, fails: bool = False) -> str:
        """A new name for what this gives."""
        name = self.new()
        self.line(f"{name} = {text}")
        self.fails += fails
        return name

    def held(self, value: Value) -> Value:
        """The same by a name: what Python would warn of if it stood there as a literal."""
        return value if _NAME.fullmatch(value.text) else value._replace(text=self.let(value.text))

    def run(self) -> str:
        """The name of the run, for what counts."""
        self.counts = True
        return "run"

    def spend(self, steps: int | str) -> None:
        """A line that counts steps."""
        self.line(f"{self.run()}[0] -= {steps}")
        self.line("if run[0] < 0: raise out_of_steps()")

    def spend_bytes(self, size: int | str) -> None:
        """A line that counts bytes."""
        self.line(f"{self.run()}[1] -= {size}")
        self.line("if run[1] < 0: raise out_of_bytes()")

    def read(self, path: str) -> str:
        """The name of what is read from the view once, where the function begins."""
        name = self._reads.get(path)
        if name is None:
            name = self._reads[path] = self.new("v")
        return name

    def constant(self, value: Any) -> Value:
        """A value that is always the same."""
        kind = type(value)
        if kind in _WRITTEN:
            return Value(repr(value), kind, True)
        if kind is int or (kind is float and math.isfinite(value)):
            return Value(f"({value!r})", kind, True)
        name = self.new("c")
        self.names[name] = value
        return Value(name, kind)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is written meanwhile stands in this block."""
        self.line(head)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def aside(self) -> Iterator[list[Line]]:
        """What is written meanwhile is kept, one level deeper, until it is put somewhere."""
        outside, self._lines = self._lines, []
        self._depth += 1
        try:
            yield self._lines
        finally:
            self._lines = outside
            self._depth -= 1

    def put(self, lines: Sequence[Line], *, inside: str = "") -> None:
        """Lines that were kept, inside a block with this head or in none."""
        if inside:
            self.line(inside)
            self._lines += lines
        else:
            self._lines += [Line(line.depth - 1, line.text) for line in lines]

    @contextmanager
    def function(self, parameters: Sequence[str]) -> Iterator[str]:
        """What is written meanwhile is a function of this name."""
        name = self.new("f")
        outside = self._lines, self._reads, self._depth
        self._lines, self._reads, self._depth = [], {}, 1
        try:
            yield name
            self._functions.append(self._text(name, parameters, ()))
        finally:
            self._lines, self._reads, self._depth = outside

    def whole(self, name: str) -> str:
        """The text of all functions; that of the expression has this name and takes the view."""
        begins = [f"run = [{MOST_STEPS}, {MOST_BYTES}]"] if self.counts else []
        return "\n".join([*self._functions, self._text(name, ["view"], begins)])

    def _text(self, name: str, parameters: Sequence[str], begins: Sequence[str]) -> str:
        reads = [f"{local} = {path}" for path, local in self._reads.items()]
        lines = [f" {text}" for text in (*begins, *reads)]
        lines += [" " * line.depth + line.text for line in self._lines]
        return "\n".join([f"def {name}({', '.join(parameters)}):", *lines])
