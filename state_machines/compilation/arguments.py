"""Arguments of effects and of `set`: JSON in which every text that starts with ``=`` is computed.

What holds no expression is kept as it stands and costs nothing to evaluate. In a mapping or a list a value
that leads nowhere (`ABSENT`) is left out.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from state_machines.compilation.compilation import Compilation
from state_machines.expressions.bounded.compiling import compiled_together
from state_machines.expressions.bounded.run import Failed, Spent
from state_machines.expressions.expression import ABSENT, Expression
from state_machines.expressions.view import View
from state_machines.values.json_values import NotJson


class Argument(Protocol):
    """A JSON value in the making."""

    def value(self, view: View) -> Any:
        """The JSON value, or `ABSENT`. Raises ExpressionError when an expression in it fails."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands for itself."""

    json: Any

    def value(self, view: View) -> Any:
        """The value."""
        return self.json


class Computed:
    """A value that an expression gives.

    Attributes:
        expression: it.
        value: what it gives, as JSON, or `ABSENT`.
    """

    __slots__ = ("expression", "value")

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.value = expression.evaluate_json


class Composed(ABC):
    """A list or an object with something computed in it: all of that is found by one function.

    Should that fail, they are found one by one, and the one that fails says so.
    """

    __slots__ = ("_together",)

    def __init__(self) -> None:
        self._together: Callable[[View], Any] = self._first

    def value(self, view: View) -> Any:
        """The list or the object, its fields in the order of the definition."""
        try:
            return self._together(view)
        except (Failed, Spent, NotJson, RecursionError):
            return self.one_by_one(view)

    @abstractmethod
    def one_by_one(self, view: View) -> Any:
        """As `value`."""

    @abstractmethod
    def shape(self) -> Any:
        """The same with the parts of expressions in the places where these stand."""

    def _first(self, view: View) -> Any:
        self._together = compiled_together(self.shape())
        return self._together(view)


class Listed(Composed):
    """A list with something computed in it."""

    __slots__ = ("_items",)

    def __init__(self, items: Sequence[Argument]) -> None:
        super().__init__()
        self._items = items

    def one_by_one(self, view: View) -> list[Any]:
        """The list."""
        return [value for item in self._items if (value := item.value(view)) is not ABSENT]

    def shape(self) -> list[Any]:
        """A list of shapes."""
        return [_shape(item) for item in self._items]


class Mapped(Composed):
    """An object with something computed in it.

    Attributes:
        fields: its parts by name.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: Sequence[tuple[str, Argument]]) -> None:
        super().__init__()
        self.fields = fields

    def one_by_one(self, view: View) -> dict[str, Any]:
        """The object."""
        return {name: value for name, part in self.fields if (value := part.value(view)) is not ABSENT}

    def shape(self) -> dict[str, Any]:
        """Shapes by name."""
        return {name: _shape(part) for name, part in self.fields}


def _shape(argument: Argument) -> Any:
    match argument:
        case Literal():
            return argument.json
        case Computed():
            return argument.expression.program.part
        case Composed():
            return argument.shape()
    raise TypeError(f"no argument: {argument!r}")


def compile_argument(
    compilation: Compilation, written: Any, field: str, *, item: bool = False, may_be_absent: bool = False
) -> Argument:
    """The argument for what a definition says; problems go to the compilation.

    Args:
        compilation: keeps what is wrong.
        written: a JSON value; ``=expr`` texts in it are expressions.
        field: where it stands.
        item: whether ``item`` is bound there.
        may_be_absent: whether it can be left out there, as what stands in a mapping or a list can.
    """
    if isinstance(written, str):
        if not written.startswith("="):
            return Literal(written)
        return Computed(compilation.expression(written[1:], field, item=item, may_be_absent=may_be_absent))
    if isinstance(written, Mapping):
        fields = [
            (str(name), compile_argument(compilation, part, f"{field}.{name}", item=item, may_be_absent=True))
            for name, part in written.items()
        ]
        return (
            Mapped(fields) if any(not isinstance(part, Literal) for _, part in fields) else Literal(written)
        )
    if isinstance(written, list):
        items = [
            compile_argument(compilation, part, f"{field}[{n}]", item=item, may_be_absent=True)
            for n, part in enumerate(written)
        ]
        return Listed(items) if any(not isinstance(part, Literal) for part in items) else Literal(written)
    return Literal(written)


def mapped(fields: Sequence[tuple[str, Argument]]) -> Argument:
    """An object of these."""
    known = {name: part.json for name, part in fields if isinstance(part, Literal)}
    return Literal(known) if len(known) == len(fields) else Mapped(fields)


def fields_of(argument: Argument) -> Sequence[tuple[str, Argument]]:
    """The parts of an object, by name."""
    match argument:
        case Literal(json):
            return [(name, Literal(value)) for name, value in json.items()]
        case Mapped():
            return argument.fields
    raise TypeError(f"no object: {argument!r}")


def compile_whole(compilation: Compilation, written: Any, field: str, *, item: bool = False) -> Argument:
    """As `compile_argument`, where a text is always an expression; a leading ``=`` may stand there too."""
    if isinstance(written, str):
        return Computed(compilation.expression(written.removeprefix("="), field, item=item))
    return compile_argument(compilation, written, field, item=item)
