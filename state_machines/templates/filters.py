"""The filters of templates: instants, lengths, lists and numbers as people write them.

All are pure: the same value for the same reader gives the same text. The words for days and months are
those of CLDR, by the library Babel.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from jinja2 import pass_context
from jinja2.runtime import Context

from state_machines.templates.reader import Reader
from state_machines.values.durations import parse_duration
from state_machines.values.instants import parse_instant
from state_machines.values.time_errors import TimeError

READER = "_reader"
"""Under which name the reader stands in a template's context; no value can have such a name."""

_UNTIL: Mapping[str, str] = {"en": "to", "de": "bis", "fr": "à", "es": "a", "it": "alle", "nl": "tot"}
_NEAR: Mapping[str, Mapping[int, str]] = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "de": {-1: "gestern", 0: "heute", 1: "morgen"},
    "fr": {-1: "hier", 0: "aujourd'hui", 1: "demain"},
    "es": {-1: "ayer", 0: "hoy", 1: "mañana"},
    "it": {-1: "ieri", 0: "oggi", 1: "domani"},
    "nl": {-1: "gisteren", 0: "vandaag", 1: "morgen"},
}
"""Days by how far away they are."""
_NARROW = str.maketrans({"\u202f": " ", "\u00a0": " ", "\u2009": " "})
"""Spaces that an SMS cannot carry in its own alphabet."""


class Unspeakable(Exception):
    """A value cannot be said this way; the message names what would do."""


@pass_context
def day(context: Context, value: Any) -> str:
    """``Tuesday 3 March``: the day of an instant where the reader is, or a date; with the year if another."""
    return _day(_reader(context), _date(_reader(context), value))


@pass_context
def clock(context: Context, value: Any) -> str:
    """``10:00``: the time of an instant where the reader is."""
    return _clock(_reader(context), _local(_reader(context), value))


@pass_context
def moment(context: Context, value: Any) -> str:
    """``Tuesday 3 March, 10:00``: day and time of an instant where the reader is."""
    return moment_text(_reader(context), value)


@pass_context
def due(context: Context, value: Any) -> str:
    """``today 17:30``, ``tomorrow 09:00``: an instant of these days; any other one as ``moment``."""
    return due_text(_reader(context), value)


@pass_context
def window(context: Context, value: Any) -> str:
    """``Tuesday 3 March, 10:00 to 12:00``: an object with the instants ``from`` and ``to``."""
    return window_text(_reader(context), value)


@pass_context
def span(context: Context, value: Any) -> str:
    """``2 hours and 30 minutes``: an ISO 8601 duration, to the minute; seconds only below one."""
    return span_text(_reader(context), value)


@pass_context
def listed(context: Context, values: Any) -> str:
    """``a, b and c``: a list of texts."""
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise Unspeakable("listed needs a list of texts that is not empty")
    if not all(isinstance(one, str) and one for one in values):
        raise Unspeakable("listed needs texts that are not empty")
    return format_list(list(values), locale=_reader(context).locale)


@pass_context
def number(context: Context, value: Any) -> str:
    """``1,250.5``: a number as the reader writes it."""
    return _plain(format_decimal(_number(value), locale=_reader(context).locale))


@pass_context
def money(context: Context, value: Any, currency: str) -> str:
    """``€20.00``: an amount in a currency named by its ISO 4217 code."""
    return _plain(format_currency(_number(value), currency, locale=_reader(context).locale))


FILTERS = {each.__name__: each for each in (day, clock, moment, due, window, span, listed, number, money)}
"""By the name that templates use."""


def moment_text(reader: Reader, value: Any) -> str:
    """Day and time of an instant, for a reader. Raises Unspeakable."""
    local = _local(reader, value)
    return f"{_day(reader, local.date())}, {_clock(reader, local)}"


def due_text(reader: Reader, value: Any) -> str:
    """An instant as people speak of it on that day, for a reader. Raises Unspeakable."""
    local = _local(reader, value)
    away = (local.date() - reader.now.astimezone(reader.zone).date()).days
    near = _NEAR.get(reader.locale.language, {}).get(away)
    return moment_text(reader, value) if near is None else f"{near} {_clock(reader, local)}"


def window_text(reader: Reader, value: Any) -> str:
    """From when to when, for a reader; the day once if it is the same. Raises Unspeakable."""
    if not isinstance(value, Mapping) or not {"from", "to"} <= value.keys():
        raise Unspeakable("window needs an object with from and to")
    first, last = _local(reader, value["from"]), _local(reader, value["to"])
    same_day = first.date() == last.date()
    begin = f"{_day(reader, first.date())}, {_clock(reader, first, unzoned=same_day)}"
    end = _clock(reader, last) if same_day else f"{_day(reader, last.date())}, {_clock(reader, last)}"
    return f"{begin} {_UNTIL.get(reader.locale.language, '-')} {end}"


def span_text(reader: Reader, value: Any) -> str:
    """A duration in words, for a reader. Raises Unspeakable."""
    try:
        length = parse_duration(value)
    except TimeError as error:
        raise Unspeakable(str(error)) from None
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    parts = [("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60)]
    if minutes < 1:
        parts = [("second", seconds)]
    said = [
        format_unit(count, f"duration-{unit}", locale=reader.locale)
        for unit, count in parts
        if count or unit == "second"
    ]
    return _plain(format_list(said, locale=reader.locale))


def _reader(context: Context) -> Reader:
    reader = context[READER]
    assert isinstance(reader, Reader)
    return reader


def _local(reader: Reader, value: Any) -> datetime:
    try:
        return parse_instant(value).astimezone(reader.zone)
    except (TimeError, OverflowError) as error:
        raise Unspeakable(str(error)) from None


def _day(reader: Reader, that: date) -> str:
    this_year = that.year == reader.now.astimezone(reader.zone).year
    return _day_text(reader.locale, that, with_year=not this_year)


@lru_cache(maxsize=4096)
def _day_text(locale: Locale, that: date, *, with_year: bool) -> str:
    return _plain(format_date(that, _day_pattern(locale, with_year=with_year), locale=locale))


@lru_cache(maxsize=512)
def _day_pattern(locale: Locale, *, with_year: bool) -> str:
    """CLDR orders a day and a month by the language; only its short form is there for all of them."""
    short = str(locale.datetime_skeletons["yMMMEd" if with_year else "MMMEd"].pattern)
    return re.sub(r"(?<!L)LLL(?!L)", "LLLL", re.sub(r"(?<!M)MMM(?!M)", "MMMM", re.sub(r"E+", "EEEE", short)))


def _date(reader: Reader, value: Any) -> date:
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Unspeakable(f"{value!r} is no date") from None
    return _local(reader, value).date()


def _clock(reader: Reader, local: datetime, *, unzoned: bool = False) -> str:
    said = _time_text(reader.locale, local.hour, local.minute)
    if not reader.zone_known:
        return said if unzoned else f"{said} UTC"
    return f"{said} ({_offset(local)})" if _shown_twice(local) else said


@lru_cache(maxsize=4096)
def _time_text(locale: Locale, hour: int, minute: int) -> str:
    return _plain(format_time(time(hour, minute), "short", locale=locale))


def _shown_twice(local: datetime) -> bool:
    """Whether the clocks show this time twice that night, so that it says too little."""
    other = local.replace(fold=1 - local.fold)
    return local.utcoffset() != other.utcoffset()


def _offset(local: datetime) -> str:
    offset = local.utcoffset() or timedelta()
    hours, minutes = divmod(int(offset.total_seconds()) // 60, 60)
    return f"UTC{hours:+d}" + (f":{minutes:02d}" if minutes else "")


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unspeakable("this filter needs a number")
    return value


def _plain(text: str) -> str:
    return text.translate(_NARROW)
