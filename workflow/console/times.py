"""Instants as people read them on a page: by whose clock, and how far off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal

from state_machines.values.instants import as_utc, format_instant, parse_instant, zone
from state_machines.values.time_errors import TimeError
from workflow.console.translations import ENGLISH, translations

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENGLISH_CLOCK = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{1,2}) "
    rf"({'|'.join(_MONTHS)})"
    r" (\d{4}), (\d\d):(\d\d) \(([\w/+-]+)\)"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant for a page.

    Attributes:
        iso: RFC 3339, for programs. text: by the clock of `zone`, which is said after it.
        other: by the reader's clock, where that shows another time; else empty. On the same day it is the
            time alone.
        relative: how far off it is, such as ``in 5 minutes``; empty at this instant.
        past: whether it is over.
    """

    iso: str
    text: str
    other: str
    relative: str
    past: bool


def moment(
    at: datetime | str, now: datetime, language: str, reader: str | None, whose: str | None = None
) -> Moment:
    """An instant, first by the clock of whom it is about, then by the reader's.

    Args:
        at: aware, or RFC 3339 text as subjects keep it.
        now: the present instant.
        reader, whose: names of zones; None: the reader's is UTC, and that of whom it is about the reader's.
    """
    instant = parse_instant(at) if isinstance(at, str) else as_utc(at)
    own = _known(reader) or "UTC"
    first = _known(whose) or own
    theirs, readers = instant.astimezone(zone(first)), instant.astimezone(zone(own))
    text, other = clock_text(instant, first, language), clock_text(instant, own, language)
    if theirs.date() == readers.date():
        other = f"{readers:%H:%M} ({own})"
    same = theirs.utcoffset() == readers.utcoffset()
    away = instant - now
    near = abs(away.total_seconds()) < 1
    relative = "" if near else format_timedelta(away, add_direction=True, locale=language, threshold=0.9)
    return Moment(format_instant(instant), text, "" if same else other, relative, instant <= now)


def decimal(number: float, digits: int, language: str) -> str:
    """``0.5``, in German ``0,5``: at most so many digits behind the point."""
    return format_decimal(round(number, digits), locale=language)


def of_figure(value: float | None, name: str, language: str) -> str:
    """``12``, ``0.5``, of a share ``87.5 %``: a number of the barometer; empty for None."""
    if value is None:
        return ""
    if name == "kept_share":
        return f"{decimal(value * 100, 1, language)} %"
    return decimal(value, 2, language) if isinstance(value, float) else str(value)


def lasting(length: timedelta, language: str) -> str:
    """``0.3 s``, ``5 minutes``: how long something takes or waits."""
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{decimal(seconds, 1, language)} s"
    return format_timedelta(length, locale=language, threshold=0.9)


def clock_text(at: datetime, zone_name: str, language: str, *, seconds: bool = False) -> str:
    """``Tue 3 Mar 2026, 14:00 (Europe/Berlin)``."""
    local = at.astimezone(zone(zone_name))
    return f"{format_datetime(local, _pattern(language, seconds=seconds), locale=language)} ({zone_name})"


def clock_text_in(text: str, language: str) -> str:
    """A text with the instants that stand in it in English, as `local_text` writes them, in this language."""

    def again(found: re.Match[str]) -> str:
        day, month, year, hour, minute, where = found.groups()
        try:
            wall = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute))  # noqa: DTZ001
        except ValueError:
            return found[0]
        return f"{format_datetime(wall, _pattern(language), locale=language)} ({where})"

    return text if language == ENGLISH else _ENGLISH_CLOCK.sub(again, text)


def _pattern(language: str, *, seconds: bool = False) -> str:
    known = translations(language)
    if seconds:
        return known.pgettext("clock", "EEE d MMM y, HH:mm:ss")
    return known.pgettext("clock", "EEE d MMM y, HH:mm")


def clock_of(language: str, whose: str | None, reader: str = "UTC") -> Callable[[datetime | str | None], str]:
    """``local(at)``: an instant by the clock of whom it is about, else by the reader's; or nothing."""

    def local(at: datetime | str | None) -> str:
        if at is None:
            return ""
        instant = parse_instant(at) if isinstance(at, str) else as_utc(at)
        return clock_text(instant, _known(whose) or reader, language)

    return local


def _known(name: str | None) -> str | None:
    try:
        return None if name is None else str(zone(name))
    except TimeError:
        return None
