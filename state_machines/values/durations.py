"""Durations of fixed length, as ISO 8601 writes them: ``P2W``, ``P1DT12H``, ``PT90M``, ``PT0.5S``.

Source: ISO 8601-1:2019, 5.5.2. As a length of time a day is 24 hours, always. Where business hours count,
the same text is read as a `CalendarLength`, whose weeks and days are those of the calendar. Years and months
have no fixed length and are refused, and so is a sign.

The grammar is checked here and not by a library, since those at hand are all more generous than a
promise can bear: they take a month for 30 days, a year for 365, or a bare number for seconds.
"""

import re
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from state_machines.values.time_errors import DurationError

__all__ = [
    "CalendarLength",
    "DurationError",
    "format_duration",
    "is_duration",
    "is_duration_text",
    "parse_calendar_length",
    "parse_duration",
]

_FORM = re.compile(
    r"P(?=[0-9T])(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:[.,]([0-9]+))?S)?)?"
)
_CALENDAR_LENGTH = re.compile(r"P[^T]*[0-9][YM]")
_LIKE = re.compile(r"P[0-9T]")
_OTHERWISE = re.compile(
    r"([0-9]+)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)", re.IGNORECASE
)
"""How people write one elsewhere: ``90m``, ``10 days``."""
_LETTERS = {"s": "PT{}S", "m": "PT{}M", "h": "PT{}H", "d": "P{}D", "w": "P{}W"}
_LONGEST = 64
"""Characters; no sensible duration is longer, and huge digit strings are slow to convert."""


class CalendarLength(NamedTuple):
    """A length as business hours count it: weeks of the calendar, then working days, then business time."""

    weeks: int
    days: int
    time: timedelta

    @property
    def has_days(self) -> bool:
        """Whether it counts weeks or days, and not business time alone."""
        return self.weeks > 0 or self.days > 0

    @property
    def whole(self) -> timedelta:
        """The same as a length of time, a day of 24 hours."""
        return timedelta(weeks=self.weeks, days=self.days) + self.time

    def times(self, number: int) -> "CalendarLength":
        """So many of it."""
        return CalendarLength(self.weeks * number, self.days * number, self.time * number)


def is_duration_text(text: str) -> bool:
    """Whether a text is meant as a duration, well formed or not; no expression of ours begins so."""
    return _LIKE.match(text) is not None or _OTHERWISE.fullmatch(text) is not None


def parse_duration(text: str) -> timedelta:
    """The length of time that `text` says.

    Raises:
        DurationError: not of this form, negative, years or months, finer than a microsecond, or
            longer than `timedelta` can hold.
    """
    if not isinstance(text, str):
        raise DurationError("duration-form", f"{text!r} is not a text such as 'PT4H'")
    if len(text) > _LONGEST:
        raise DurationError(
            "duration-length", f"a duration has at most {_LONGEST} characters, this has {len(text)}"
        )
    return _read(text)


def parse_calendar_length(text: str) -> CalendarLength:
    """The same text as business hours read it: ``P5D`` are five working days, ``PT120H`` 120 hours of them.

    Raises:
        DurationError: as `parse_duration`.
    """
    parse_duration(text)
    return _parts(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> timedelta:
    """The same few texts stand everywhere: in definitions, in ladders, in what a desk agrees on."""
    try:
        return _parts(text).whole
    except OverflowError:
        raise _too_long(text) from None


@lru_cache(maxsize=4096)
def _parts(text: str) -> CalendarLength:
    match = _FORM.fullmatch(text)
    if match is None:
        raise _refusal(text)
    weeks, days, hours, minutes, seconds, fraction = match.groups(default="0")
    if len(fraction) > 6:
        raise DurationError("duration-precision", f"{text!r} is finer than a microsecond (six digits)")
    try:
        time = timedelta(
            hours=int(hours),
            minutes=int(minutes),
            seconds=int(seconds),
            microseconds=int(fraction.ljust(6, "0")),
        )
    except OverflowError:
        raise _too_long(text) from None
    return CalendarLength(int(weeks), int(days), time)


def _too_long(text: str) -> DurationError:
    return DurationError("duration-length", f"{text!r} is longer than 999999999 days")


def _refusal(text: str) -> DurationError:
    if (meant := _OTHERWISE.fullmatch(text)) is not None:
        right = _LETTERS[meant[2][0].lower()].format(meant[1])
        return DurationError("duration-form", f"{text!r} is written {right} (ISO 8601)")
    if text[:1] in {"-", "+"} or "-" in text:
        return DurationError(
            "duration-sign", f"{text!r} has a sign; a duration here is zero or more, without one"
        )
    if _CALENDAR_LENGTH.match(text):
        return DurationError(
            "duration-fixed-length",
            f"{text!r} counts years or months, which have no fixed length; "
            "use weeks, days, hours, minutes, seconds (P30D, not P1M)",
        )
    return DurationError(
        "duration-form",
        f"{text!r} is not an ISO 8601 duration such as 'P1DT12H', 'PT90M' or 'PT0.5S' "
        "(only seconds may have a fraction)",
    )


def is_duration(text: str) -> bool:
    """Whether `parse_duration` would accept `text`."""
    try:
        parse_duration(text)
    except DurationError:
        return False
    return True


def format_duration(duration: timedelta) -> str:
    """The one canonical text of a duration: days, hours, minutes, seconds, only what is not zero.

    Zero is ``PT0S``. `parse_duration` gives back the same length.

    Raises:
        DurationError: the duration is negative.
    """
    if duration < timedelta(0):
        raise DurationError("duration-sign", f"{duration} is negative; a duration here is zero or more")
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    date_part = f"{duration.days}D" if duration.days else ""
    time_part = "".join(
        (
            f"{hours}H" if hours else "",
            f"{minutes}M" if minutes else "",
            f"{seconds}{fraction}S" if seconds or fraction else "",
        )
    )
    if not date_part and not time_part:
        return "PT0S"
    return f"P{date_part}" + (f"T{time_part}" if time_part else "")
