"""Arguments of effects and of `set`: JSON in which every text that starts with ``=`` is computed.

What holds no expression is kept as it stands and costs nothing to evaluate. In a mapping or a list a value
that leads nowhere (`ABSENT`) is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from state_machines.compilation.compilation import Compilation
from state_machines.expressions.expression import ABSENT, Expression
from state_machines.expressions.view import View


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


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that an expression gives."""

    expression: Expression

    def value(self, view: View) -> Any:
        """What the expression gives, as JSON."""
        return self.expression.evaluate_json(view)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with something computed in it."""

    items: tuple[Argument, ...]

    def value(self, view: View) -> Any:
        """The list."""
        return [value for item in self.items if (value := item.value(view)) is not ABSENT]


@dataclass(frozen=True, slots=True)
class Mapped:
    """An object with something computed in it."""

    fields: tuple[tuple[str, Argument], ...]

    def value(self, view: View) -> Any:
        """The object, its fields in the order of the definition."""
        return {name: value for name, part in self.fields if (value := part.value(view)) is not ABSENT}


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
            Mapped(tuple(fields))
            if any(not isinstance(part, Literal) for _, part in fields)
            else Literal(written)
        )
    if isinstance(written, list):
        items = [
            compile_argument(compilation, part, f"{field}[{n}]", item=item, may_be_absent=True)
            for n, part in enumerate(written)
        ]
        return (
            Listed(tuple(items)) if any(not isinstance(part, Literal) for part in items) else Literal(written)
        )
    return Literal(written)


def compile_whole(compilation: Compilation, written: Any, field: str, *, item: bool = False) -> Argument:
    """As `compile_argument`, where a text is always an expression; a leading ``=`` may stand there too."""
    if isinstance(written, str):
        return Computed(compilation.expression(written.removeprefix("="), field, item=item))
    return compile_argument(compilation, written, field, item=item)
