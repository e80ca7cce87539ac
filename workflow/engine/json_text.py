"""From bytes to a JSON value, strictly (RFC 8259): what is read is what was written, or it is refused.

Refused here: what is not UTF-8, not JSON, nested too deep for any parser, an integer of more than 64
bits (parsers make another number of it), and an object that has a member twice: readers disagree about which
of the two counts.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from workflow.engine.exact_json import MOST, inexact, written_out

_DIGITS = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else ord(" ") for byte in range(256))
"""Makes of a text its digits, all alike: a row of them is found in a fraction of what an expression takes."""
_MANY_DIGITS = b"0" * 19
"""Without as many digits in a row no integer has more than 64 bits."""
_MOST_DIGITS = 20
_EXPONENTS = (b"e+1", b"e1")
"""One is in the text of every whole number that is written with an exponent and has no more than 64 bits."""


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
    if any(one in encoded for one in _EXPONENTS):
        value = written_out(value)
    if _may_have_doubled_members(text, encoded):
        _refuse_doubled_members(characters)
    if _MANY_DIGITS in text.translate(_DIGITS):
        _refuse_long_integers(characters)
    return value


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


def _refuse_long_integers(text: str) -> None:
    def integer(digits: str) -> int:
        return int(digits) if len(digits) <= _MOST_DIGITS + len("-") else MOST + 1

    try:
        value = json.loads(text, parse_int=integer, parse_float=lambda _: 0.0)
    except (ValueError, RecursionError):  # no JSON behind the place that was read before
        return
    problem = inexact(value)
    if problem is not None and problem.rule == "integer-range":
        raise JsonTextError(problem.field, problem.rule, problem.message)
