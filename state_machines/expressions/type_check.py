"""Whether an expression can fit the declared types: asked by `check`, never while deciding.

A declared field becomes a typed variable of its own (``data.due_at``), which CEL prefers to a
field of the map ``data``. A field that may be null or absent has a nullable type, so comparing it
with null is right and adding to it is not refused for that.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from cel_expr_python import cel

from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.environment import OBJECT, environment, named_types
from state_machines.expressions.references import tokens
from state_machines.expressions.scope import PLAIN, Scope
from state_machines.expressions.typed_paths import with_typed_paths

_T = cel.Type
_NULLABLE: Mapping[str, Any] = {
    "string": _T("google.protobuf.StringValue"),
    "integer": _T("google.protobuf.Int64Value"),
    "boolean": _T("google.protobuf.BoolValue"),
}
"""`number` is missing on purpose: JSON writes 1.0 as 1, so its kind is only known at run time."""


class DeclaredField(Protocol):
    """What is declared of a field of the data."""

    @property
    def type(self) -> str:
        """In the words of JSON Schema, or ``any``."""

    @property
    def items(self) -> "DeclaredField | None":
        """Of an array, what is in it."""

    @property
    def fields(self) -> "Mapping[str, DeclaredField] | None":
        """Of an object, its fields."""


def check_types(text: str, declared: Mapping[str, DeclaredField], scope: Scope = PLAIN) -> str | None:
    """Compile `text` with the types of the declared fields; None if it fits, else what does not.

    Args:
        text: the expression.
        declared: by path from the root (``data.due_at``, ``event.data.words``); the fields of an
            object are taken from its own declaration.
        scope: what else it sees where it stands.
    """
    variables: dict[str, Any] = {"data": OBJECT, "event.data": OBJECT, **named_types(scope.names)}
    for path, declaration in declared.items():
        variables.update(_variables(path, declaration))
    if scope.item:
        variables["item"] = _T.DYN
    try:
        environment(variables).compile(without_has(with_typed_paths(text, scope)))
    except RuntimeError as error:
        return compiler_message(error)
    return None


def _variables(path: str, declaration: DeclaredField) -> dict[str, Any]:
    variables = {path: _type(declaration)}
    for name, part in (declaration.fields or {}).items():
        variables.update(_variables(f"{path}.{name}", part))
    return variables


def _type(declaration: DeclaredField) -> Any:
    if declaration.type == "object":
        return OBJECT
    if declaration.type == "array":
        return _T.List(_type(declaration.items) if declaration.items else _T.DYN)
    return _NULLABLE.get(declaration.type, _T.DYN)


def without_has(text: str) -> str:
    """The text with every ``has(...)`` replaced by ``true``: over a typed variable it would be mistyped."""
    kept: list[str] = []
    end = 0
    words = tokens(text)
    for index, word in enumerate(words):
        opens = index + 1 < len(words) and words[index + 1].text == "("
        if word.text != "has" or word.position < end or not opens:
            continue
        closing = next((mark.position for mark in words[index + 2 :] if mark.text == ")"), len(text))
        kept += [text[end : word.position], "true".ljust(closing + 1 - word.position)]
        end = closing + 1
    return "".join(kept) + text[end:]
