"""Whether a value is what a scenario expects: of mappings any part, instants however they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from state_machines.values.instants import parse_instant
from state_machines.values.time_errors import TimeError


def fits(expected: Any, found: Any) -> bool:
    """Whether `found` is what is expected.

    Of a mapping any part is compared, but an empty one is equal to an empty one alone; of a list every item
    in order; ``None`` is null or absent; texts that both are instants are equal if they are the same instant.
    """
    if isinstance(expected, Mapping):
        if not expected:
            return isinstance(found, Mapping) and not found
        return isinstance(found, Mapping) and all(
            fits(part, found.get(name)) for name, part in expected.items()
        )
    if isinstance(expected, list):
        if not isinstance(found, Sequence) or isinstance(found, str) or len(expected) != len(found):
            return False
        return all(fits(*pair) for pair in zip(expected, found, strict=True))
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if expected == found:
        return True
    one, other = instant_of(expected), instant_of(found)
    return one is not None and other is not None and one == other


def part_of(expected: Any, found: Any) -> Any:
    """Of `found` what `expected` speaks of, to be shown beside it."""
    if isinstance(expected, Mapping) and expected and isinstance(found, Mapping):
        return {name: part_of(part, found.get(name)) for name, part in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [part_of(*pair) for pair in zip(expected, found, strict=True)]
    return found


def instant_of(value: Any) -> datetime | None:
    """The instant that a text says by RFC 3339; None where it says none."""
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except TimeError:
        return None


def texts(said: Any) -> list[str]:
    """One text or several, as a list."""
    return list(said) if isinstance(said, list | tuple) else [] if said is None else [str(said)]


def texts_within(value: Any) -> Iterator[str]:
    """Every text in a JSON value, but for the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_within(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_within(one)
