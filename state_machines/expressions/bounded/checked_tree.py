"""The tree of a compiled expression: what CEL's own parser and checker made of its text.

cel-expr-python gives it as a serialized message `cel.expr.CheckedExpr`, which is read here.
Source: cel-spec, proto/cel/expr/{syntax,checked}.proto; protobuf.dev, "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN, _RANGE = 1 << 63, 1 << 64


class Uint(int):
    """An unsigned number of CEL, which is a kind of its own there."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the text."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, one that a macro binds, or a type. Names of several parts (``event.id``) are one."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """A field of a map; `tests` asks whether it is there, as ``has()`` does."""

    operand: Node
    field: str
    tests: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator; the receiver of a method comes first among the arguments."""

    function: str
    arguments: tuple[Node, ...]
    method: bool


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; `optional` are places of elements that may be absent."""

    elements: tuple[Node, ...]
    optional: frozenset[int]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map: key, value, and whether the value is an optional one."""

    entries: tuple[tuple[Node, Node, bool], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """What macros that walk, and ``cel.bind``, come down to (a comprehension)."""

    variable: str
    over: Node
    result_variable: str
    begins_as: Node
    goes_on_while: Node
    step: Node
    result: Node


Node = Constant | Name | Select | Call | ListOf | MapOf | Loop


def parts_of(node: Node) -> Iterator[Node]:
    """A node and all that are in it."""
    yield node
    inner: tuple[Node, ...] = ()
    match node:
        case Select(operand):
            inner = (operand,)
        case Call(_, arguments):
            inner = arguments
        case ListOf(elements):
            inner = elements
        case MapOf(entries):
            inner = tuple(part for key, value, _ in entries for part in (key, value))
        case Loop():
            inner = (node.over, node.begins_as, node.goes_on_while, node.step, node.result)
    for one in inner:
        yield from parts_of(one)


def count_of(node: Node) -> int:
    """How many parts an expression has."""
    return sum(1 for _ in parts_of(node))


def read_tree(serialized: bytes) -> Node:
    """The tree of a program, given as cel-expr-python's `Expression.serialize()` gives it.

    Raises:
        ValueError: the message is none of these.
    """
    message = _one(serialized, 2)  # google.protobuf.Any
    names: dict[int, str] = {}
    tree: bytes | None = None
    for number, value in _fields(message):
        if number == 2:
            _take_reference(value, names)
        elif number == 4:
            tree = value
    if tree is None:
        raise ValueError("a checked expression without an expression")
    return _node(tree, names)


def _take_reference(entry: bytes, names: dict[int, str]) -> None:
    """A place at which a name with parts stands for one variable."""
    place, name, overloads = 0, "", False
    for number, value in _fields(entry):
        if number == 1:
            place = value
        elif number == 2:
            for inner, said in _fields(value):
                if inner == 1:
                    name = said.decode()
                overloads |= inner == 3
    if name and not overloads:
        names[place] = name


def _node(message: bytes, names: Mapping[int, str]) -> Node:
    place, kind, body = 0, 0, b""
    for number, value in _fields(message):
        if number == 2:
            place = value
        else:
            kind, body = number, value
    match kind:
        case 3:
            return Constant(_constant(body))
        case 4:
            return Name(names.get(place, _text(body, 1)))
        case 5:
            return _select(body, names.get(place), names)
        case 6:
            return _call(body, names)
        case 7:
            elements = tuple(_node(one, names) for number, one in _fields(body) if number == 1)
            return ListOf(elements, frozenset(_packed(body, 2)))
        case 8:
            if _text(body, 1):
                raise ValueError("there are no messages here")
            return MapOf(tuple(_entry(one, names) for number, one in _fields(body) if number == 2))
        case 9:
            return _loop(body, names)
    raise ValueError(f"an expression of kind {kind}")


def _select(body: bytes, variable: str | None, names: Mapping[int, str]) -> Node:
    if variable is not None:
        return Name(variable)
    operand, field, tests = b"", "", False
    for number, value in _fields(body):
        if number == 1:
            operand = value
        elif number == 2:
            field = value.decode()
        elif number == 3:
            tests = bool(value)
    return Select(_node(operand, names), field, tests)


def _call(body: bytes, names: Mapping[int, str]) -> Call:
    target: list[Node] = []
    function, arguments = "", []
    for number, value in _fields(body):
        if number == 1:
            target.append(_node(value, names))
        elif number == 2:
            function = value.decode()
        elif number == 3:
            arguments.append(_node(value, names))
    return Call(function, (*target, *arguments), bool(target))


def _entry(body: bytes, names: Mapping[int, str]) -> tuple[Node, Node, bool]:
    key: Node | None = None
    value: Node | None = None
    optional = False
    for number, said in _fields(body):
        if number == 3:
            key = _node(said, names)
        elif number == 4:
            value = _node(said, names)
        elif number == 5:
            optional = bool(said)
    if key is None or value is None:
        raise ValueError("an entry of a message, which no environment here has")
    return key, value, optional


def _loop(body: bytes, names: Mapping[int, str]) -> Loop:
    texts = {number: value.decode() for number, value in _fields(body) if number in (1, 3, 8)}
    if texts.get(8):
        raise ValueError("a comprehension of two variables, which no macro here makes")
    parts = {number: _node(value, names) for number, value in _fields(body) if number in (2, 4, 5, 6, 7)}
    return Loop(texts.get(1, ""), parts[2], texts.get(3, ""), parts[4], parts[5], parts[6], parts[7])


def _constant(body: bytes) -> Any:
    for number, value in _fields(body):
        match number:
            case 1:
                return None
            case 2:
                return bool(value)
            case 3:
                return value - _RANGE if value >= _SIGN else value
            case 4:
                return Uint(value)
            case 5:
                return struct.unpack("<d", value)[0]
            case 6:
                return value.decode()
            case 7:
                return bytes(value)
    raise ValueError("a constant of no known kind")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message in their order: numbers as integers, all else as bytes."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
        elif wire == _BYTES:
            length, at = _varint(message, at)
            yield number, message[at : at + length]
            at += length
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
            yield number, message[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {wire}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = bits = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << bits
        if byte < 0x80:
            return value, at
        bits += 7


def _packed(message: bytes, wanted: int) -> Iterator[int]:
    """A repeated number, packed or not."""
    for number, value in _fields(message):
        if number != wanted:
            continue
        if isinstance(value, int):
            yield value
            continue
        at = 0
        while at < len(value):
            one, at = _varint(value, at)
            yield one


def _one(message: bytes, wanted: int) -> bytes:
    for number, value in _fields(message):
        if number == wanted:
            return bytes(value)
    raise ValueError("no expression in the message")


def _text(message: bytes, wanted: int) -> str:
    return next((value.decode() for number, value in _fields(message) if number == wanted), "")
