"""Blocks of local wall time within a day, such as ``09:00-12:00`` or ``22:00-06:00``.

A block runs from its first minute up to, and without, its end. It may end at 24:00, and one whose
end is at or before its start crosses midnight and belongs to the day on which it starts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from state_machines.values.time_errors import CalendarError

DAY_MINUTES = 1440
_FORM = re.compile(
    r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*[-\u2013]\s*(?:([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00)"
)


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Minutes of local wall time, counted from the midnight that its day starts with.

    Attributes:
        start: 0 to 1439.
        end: exclusive; after 1440 the block runs on into the next day. At most 24 hours after `start`.
    """

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end - DAY_MINUTES if self.end > DAY_MINUTES else self.end
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


def parse_block(text: object, field: str) -> Block:
    """One block from a text such as ``09:00-12:00``.

    Raises:
        CalendarError: not of the form HH:MM-HH:MM, or without length.
    """
    match = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise CalendarError(
            "block-form", f"{text!r} is not a block such as '09:00-12:30' (00:00 to 24:00)", field
        )
    from_hour, from_minute, to_hour, to_minute = match.groups()
    start = int(from_hour) * 60 + int(from_minute)
    end = int(to_hour) * 60 + int(to_minute) if to_hour else DAY_MINUTES
    if start == end:
        raise CalendarError("block-length", f"{text!r} has no length; the whole day is '00:00-24:00'", field)
    return Block(start, end if end > start else end + DAY_MINUTES)


def parse_blocks(value: object, field: str) -> tuple[Block, ...]:
    """The blocks of one day, sorted: a list of texts, or one text with commas.

    Raises:
        CalendarError: not such a list, a bad block, or two that overlap.
    """
    blocks = sorted(_listed(value, field))
    for earlier, later in pairwise(blocks):
        if later.start < earlier.end:
            raise CalendarError("blocks-overlap", f"the blocks {earlier} and {later} overlap", field)
    return tuple(blocks)


def parse_windows(value: object, field: str) -> tuple[Block, ...]:
    """Blocks of every day that may overlap, such as a customer's quiet hours.

    Raises:
        CalendarError: not a list of blocks, or a bad block.
    """
    return tuple(sorted(_listed(value, field)))


def _listed(value: object, field: str) -> list[Block]:
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()] if value.strip() else []
    if not isinstance(value, Sequence):
        raise CalendarError(
            "blocks-form", f"{value!r} is not a list of blocks such as ['09:00-12:00']", field
        )
    return [parse_block(text, f"{field}[{i}]") for i, text in enumerate(value)]


def minutes_of_day(today: Iterable[Block], yesterday: Iterable[Block]) -> tuple[tuple[int, int], ...]:
    """The open minutes of one local date, as sorted ranges [from, to) within 0 to 1440 that do not touch.

    Made of today's own blocks up to midnight and of what runs over from yesterday's.
    """
    over = [(0, block.end - DAY_MINUTES) for block in yesterday if block.end > DAY_MINUTES]
    ranges = sorted([*over, *((block.start, min(block.end, DAY_MINUTES)) for block in today)])
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
