"""Texts in expressions that stand for an instant or a length of time, and cannot be read as one."""

import re
from collections.abc import Callable, Iterator, Mapping

from state_machines.check.document import Document, Finding
from state_machines.check.naming import texts
from state_machines.expressions.references import tokens
from state_machines.values.durations import is_duration, parse_duration
from state_machines.values.instants import parse_instant
from state_machines.values.time_errors import TimeError

_LENGTH = re.compile(r"-?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(h|m|s|ms|us|ns))+")
"""CEL's own form of a length of time, that of Go."""


def unreadable_literals(document: Document) -> Iterator[Finding]:
    """``duration('P7D')`` compiles, and fails when it is decided: CEL's ``duration`` reads ``168h``."""
    for field, text in texts(document):
        words = tokens(text)
        for place in range(len(words) - 3):
            name, opened, literal, closed = words[place : place + 4]
            is_call = opened.text == "(" and literal.kind == "string" and closed.text == ")"
            if not is_call or name.text not in _READ or (place and words[place - 1].text in (".", ".?")):
                continue
            if fault := _READ[name.text](literal.text[1:-1]):
                yield Finding(field, "literal", f"{name.text}({literal.text}) cannot be read: {fault}")


def _length(text: str) -> str:
    if _LENGTH.fullmatch(text):
        return ""
    if is_duration(text):
        return f"duration() reads CEL's own form, such as '168h'; write iso_duration('{text}')"
    return "duration() reads CEL's own form, such as '168h'; iso_duration() reads ISO 8601, such as 'P7D'"


def _iso_length(text: str) -> str:
    return _fault(parse_duration, text)


def _instant(text: str) -> str:
    return _fault(parse_instant, text)


def _fault(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except TimeError as error:
        return error.message
    return ""


_READ: Mapping[str, Callable[[str], str]] = {
    "duration": _length,
    "iso_duration": _iso_length,
    "timestamp": _instant,
}
