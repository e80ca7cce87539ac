"""Values as a person reads them: lines in the manner of YAML, instants by the scenario's clock as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from workflow.scenarios.matching import instant_of

_ANOTHER_TYPE = re.compile(r"|~|null|true|false|[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)
"""Texts that YAML would read as something else: those stand in quotes."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: how deep it stands in what holds it, from 0, and its text."""

    depth: int
    text: str


def value_lines(label: str, value: Any, depth: int, zone: tzinfo) -> Iterator[Line]:
    """A value behind its label (``state: ``, or ``- `` for an item), in as many lines as it takes."""
    inner = depth + 1 if label else depth
    if isinstance(value, Mapping) and value:
        lines = (line for name, held in value.items() for line in value_lines(f"{name}: ", held, inner, zone))
    elif is_list(value) and value:
        items = sorted(value, key=str) if isinstance(value, Set) else value
        lines = (line for held in items for line in value_lines("- ", held, inner, zone))
    elif isinstance(value, str) and "\n" in value:
        lines = (Line(inner, text) for text in text_lines(value))
        label = f"{label}|" if label else label
    else:
        yield Line(depth, label + scalar_text(value, zone))
        return
    if label == "- ":
        first = next(lines)
        yield Line(depth, f"- {first.text}")
    elif label:
        yield Line(depth, label.rstrip())
    yield from lines


def scalar_text(value: Any, zone: tzinfo) -> str:
    """A value that has no parts, in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return local_time(value, zone)
    if isinstance(value, Mapping):
        return "{}"
    if is_list(value):
        return "[]"
    if not isinstance(value, str):
        return visible(str(value))
    if _ANOTHER_TYPE.fullmatch(value) or value != value.strip():
        return f'"{visible(value)}"'
    return visible(value) + _in_words(value, zone)


def is_list(value: Any) -> bool:
    """Whether a value is a list of any kind, or a set."""
    return isinstance(value, Set) or (isinstance(value, Sequence) and not isinstance(value, str | bytes))


def text_lines(text: str) -> list[str]:
    """The lines of a text, what cannot be seen made visible."""
    return [visible(line) for line in text.split("\n")]


def visible(text: str) -> str:
    """The text with what a terminal would obey, or nobody sees, written as its number: ``\\x1b``."""
    return _UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def local_time(instant: datetime, zone: tzinfo) -> str:
    """Such as ``2030-01-08 12:00 +01:00``, by the clock of that zone."""
    here = instant.astimezone(zone)
    seconds = f":{here:%S}" if here.second or here.microsecond else ""
    part = f".{here:%f}".rstrip("0") if here.microsecond else ""
    return f"{here:%Y-%m-%d %H:%M}{seconds}{part} {_offset(here)}"


def _offset(here: datetime) -> str:
    offset = here.utcoffset() or timedelta()
    return "UTC" if not offset else here.isoformat()[-6:]


def _in_words(text: str, zone: tzinfo) -> str:
    """Of a text that is an instant: the time by the scenario's clock, if that is not UTC."""
    instant = instant_of(text)
    if instant is None or not instant.astimezone(zone).utcoffset():
        return ""
    return f" ({local_time(instant, zone)})"
