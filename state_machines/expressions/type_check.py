"""Whether an expression can fit the declared types: asked by `check`, never while deciding.

A declared field becomes a typed variable of its own (``data.due_at``), which CEL prefers to a
field of the map ``data``. A field that may be null or absent has a nullable type, so comparing it
with null is right and adding to it is not refused for that.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from cel_expr_python import cel

from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.environment import OBJECT, environment, named_types
from state_machines.expressions.references import tokens
from state_machines.expressions.scope import PLAIN, Names, Scope
from state_machines.expressions.typed_paths import with_typed_paths

_T = cel.Type
_NULLABLE: Mapping[str, Any] = {
    "string": _T("google.protobuf.StringValue"),
    "integer": _T("google.protobuf.Int64Value"),
    "boolean": _T("google.protobuf.BoolValue"),
}
"""`number` is missing on purpose: JSON writes 1.0 as 1, so its kind is only known at run time."""


Kind = tuple[str, ...]
"""The type of a field; of an array, with that of what is in it."""
Kinds = tuple[tuple[str, Kind], ...]
"""Those of all fields that are seen at a place, by path."""


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
    kinds = [kind for path, one in declared.items() for kind in _kinds(path, one)]
    return _misfit(with_typed_paths(text, scope), tuple(kinds), scope.names, scope.item)


@lru_cache(maxsize=8192)
def _misfit(text: str, kinds: Kinds, names: Names, item: bool) -> str | None:
    try:
        _environment(kinds, names, item).compile(without_has(text))
    except RuntimeError as error:
        return compiler_message(error)
    return None


@lru_cache(maxsize=512)
def _environment(kinds: Kinds, names: Names, item: bool) -> Any:
    """What all expressions at places that see the same are compiled in."""
    variables: dict[str, Any] = {"data": OBJECT, "event.data": OBJECT, **named_types(names)}
    variables.update((path, _type(kind)) for path, kind in kinds)
    return environment({**variables, "item": _T.DYN} if item else variables)


def _kinds(path: str, declaration: DeclaredField) -> Iterator[tuple[str, Kind]]:
    yield path, _kind(declaration)
    for name, part in (declaration.fields or {}).items():
        yield from _kinds(f"{path}.{name}", part)


def _kind(declaration: DeclaredField) -> Kind:
    items = declaration.items if declaration.type == "array" else None
    return (declaration.type,) if items is None else (declaration.type, *_kind(items))


def _type(kind: Kind) -> Any:
    outer, *inner = kind
    if outer == "object":
        return OBJECT
    if outer == "array":
        return _T.List(_type(tuple(inner)) if inner else _T.DYN)
    return _NULLABLE.get(outer, _T.DYN)


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
