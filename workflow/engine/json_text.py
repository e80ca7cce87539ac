"""From bytes to a JSON value, strictly (RFC 8259): what is read is what was written, or it is refused.

Refused here: what is not UTF-8, not JSON, nested too deep for any parser, an integer of more than 64
bits (parsers make another number of it), and an object that has a member twice: readers disagree about which
of the two counts.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

LEAST, MOST = -(2**63), 2**64 - 1
"""The integers that are kept exactly wherever they go."""

_DIGITS = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else ord(" ") for byte in range(256))
"""Makes of a text its digits, all alike: a row of them is found in a fraction of what an expression takes."""
_MANY_DIGITS = b"0" * 19
"""Without as many digits in a row no integer has more than 64 bits."""
_MOST_DIGITS = 20


class JsonTextError(ValueError):
    """A text that is no JSON value, or one that cannot be kept as it is.

    Attributes:
        field: path of the value that breaks the rule, such as ``[3].data.amount``; empty for the whole.
        rule: short name of the rule.
        message: what is wrong.
    """

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.rule = rule
        self.message = message


def decode(text: bytes) -> Any:
    """The JSON value that a text stands for. Raises JsonTextError."""
    try:
        characters = text.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: byte {error.start} cannot be decoded"
        raise JsonTextError("", "utf-8", message) from None
    try:
        value = orjson.loads(text)
        encoded = orjson.dumps(value)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise _too_deep() from None
        if "infinity" in error.msg:  # of so many digits, or by its exponent
            _refuse_long_integers(characters)
        raise JsonTextError("", "json", f"is not JSON: {error}") from None
    except orjson.JSONEncodeError:  # it reads deeper than it writes
        raise _too_deep() from None
    if _may_have_doubled_members(text, encoded):
        _refuse_doubled_members(characters)
    if _MANY_DIGITS in text.translate(_DIGITS):
        _refuse_long_integers(characters)
    return value


def kept_exactly(number: int) -> bool:
    """Whether an integer is the same number after it was written and read."""
    return LEAST <= number <= MOST


def too_long(field: str) -> JsonTextError:
    """The error of an integer that is not kept exactly."""
    return JsonTextError(field, "integer-range", f"is not between {LEAST} and {MOST}; send it as text")


def inside(field: str, name: str | int) -> str:
    """The path of a member or an item of what stands at `field`."""
    if isinstance(name, int):
        return f"{field}[{name}]"
    return f"{field}.{name}" if field else name


def _too_deep() -> JsonTextError:
    return JsonTextError("", "depth", "nests too deep to be read")


def _may_have_doubled_members(text: bytes, encoded: bytes) -> bool:
    """Whether colons went missing on the way in; true as well where an escaped one may hide it."""
    if b"\\u003a" in text or b"\\u003A" in text:
        return True
    return text.count(b":") != encoded.count(b":")


def _refuse_doubled_members(text: str) -> None:
    def members(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise JsonTextError("", "doubled-member", f"an object has the member {name!r} twice")
            seen.add(name)

    json.loads(text, object_pairs_hook=members, parse_int=float)


class _TooLong:
    """Stands where an integer stood that is not kept exactly."""


def _refuse_long_integers(text: str) -> None:
    def integer(digits: str) -> object:
        if len(digits.removeprefix("-")) > _MOST_DIGITS or not kept_exactly(int(digits)):
            return _TooLong()
        return None

    try:
        value = json.loads(text, parse_int=integer)
    except (ValueError, RecursionError):  # no JSON behind the place that was read before
        return
    field = _place(value, "")
    if field is not None:
        raise too_long(field)


def _place(value: Any, field: str) -> str | None:
    """Where the first integer stands that is too long."""
    if isinstance(value, _TooLong):
        return field
    for name, item in _items(value):
        found = _place(item, inside(field, name))
        if found is not None:
            return found
    return None


def _items(value: Any) -> Any:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
