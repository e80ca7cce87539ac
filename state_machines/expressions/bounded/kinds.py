"""CEL's kinds of values on plain Python ones, and what is counted of a value that is looked through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE, Failed, Run, spend_bytes, spend_steps
from state_machines.values.json_values import kind

BYTES_OF_AN_ENTRY = 2 * BYTES_OF_A_VALUE


class Optional:
    """A value that may be absent: `NOTHING_THERE`, or one of these."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _NothingThere(Optional):
    __slots__ = ()


NOTHING_THERE = _NothingThere(None)


@dataclass(frozen=True, slots=True)
class TypeName:
    """The type of a value, as ``type(x)`` gives it."""

    name: str

    def __str__(self) -> str:
        return self.name


_TYPES: Mapping[type, TypeName] = MappingProxyType(
    {
        int: TypeName("int"),
        Uint: TypeName("uint"),
        float: TypeName("double"),
        bool: TypeName("bool"),
        str: TypeName("string"),
        bytes: TypeName("bytes"),
        list: TypeName("list"),
        dict: TypeName("map"),
        type(None): TypeName("null_type"),
        datetime: TypeName("google.protobuf.Timestamp"),
        timedelta: TypeName("google.protobuf.Duration"),
        TypeName: TypeName("type"),
        Optional: TypeName("optional_type"),
        _NothingThere: TypeName("optional_type"),
    }
)
TYPE_NAMES: Mapping[str, TypeName] = MappingProxyType({str(one): one for one in _TYPES.values()})
"""The types that have a name in expressions, by it."""


def type_of(value: Any) -> TypeName:
    """The type of a value. Raises Failed where CEL has none for it."""
    found = _TYPES.get(type(value))
    if found is None:
        raise Failed(f"a value of a kind that CEL does not have: {type(value).__name__}")
    return found


_OF_CEL_ALONE: Mapping[type, str] = MappingProxyType(
    {
        Uint: "a number",
        bytes: "bytes",
        TypeName: "a type",
        Optional: "an optional value",
        _NothingThere: "an optional value",
    }
)


def kind_of(value: Any) -> str:
    """What a value is, for messages."""
    return _OF_CEL_ALONE.get(type(value)) or kind(value)


def no_overload(function: str, *values: Any) -> Failed:
    """What is raised where a function is not made for values of these kinds."""
    kinds = " and ".join(map(kind_of, values))
    return Failed(f"{function.strip('_').replace('_', ' ')} is not made for {kinds}")


class BoolKey:
    """true or false as the name of an entry in a map: in Python's own they would be 1 and 0."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


_BOOL_KEYS = {True: BoolKey(True), False: BoolKey(False)}


def key_of(value: Any) -> Any:
    """A value as the name of an entry. Raises Failed for one that can be none."""
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return _BOOL_KEYS[value]
    if kind in (int, Uint):
        return int(value)
    if kind is float and value.is_integer():
        return int(value)
    raise Failed(f"Invalid map key type: '{_TYPES.get(kind, kind.__name__)}'")


def put(entries: dict[Any, Any], name: Any, value: Any) -> None:
    """One more entry of a map that is being made. Raises Failed for a second one of the name."""
    if name in entries:
        raise Failed("duplicate key in map")
    entries[name] = value


def weigh_top(value: Any, run: Run) -> None:
    """Count the first level of a list or a map, of which another one may be made."""
    spend_steps(run, 1 + len(value))
    spend_bytes(run, BYTES_OF_A_VALUE * len(value))


def weigh(value: Any, run: Run) -> None:
    """Count a value that a function looks through in whole, by all that is in it."""
    kind = type(value)
    if kind is list or kind is dict:
        items = value if kind is list else value.values()
        steps = 1 + len(items)
        for item in items:
            inner = type(item)
            if inner is str or inner is bytes:
                steps += len(item) >> 6
            elif inner is list or inner is dict:
                weigh(item, run)
        spend_steps(run, steps)
    elif kind is str or kind is bytes:
        spend_steps(run, 1 + (len(value) >> 6))
    else:
        spend_steps(run, 1)
