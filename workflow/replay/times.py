"""How a log writes its times, and the way from such a text to an instant."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from state_machines.values.instants import format_instant, localize, parse_instant, zone
from state_machines.values.time_errors import InstantError, TimeError

NAMED_FORMATS = ("rfc3339", "iso8601", "unix", "unix_ms")
"""Formats that are no strptime directives: an RFC 3339 text; a date, or date and time, of ISO 8601, with an
offset or local; seconds or milliseconds since 1970 in UTC."""

_DIRECTIVE = re.compile("%(.)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROBE = datetime(2003, 11, 24, 13, 57, 46, tzinfo=UTC)
"""A moment whose year, month, day and hour are told apart in every format."""

Reader = Callable[[Any], datetime]


def takes_zone(form: str) -> bool:
    """Whether the zone of a text of this format can be one that stands elsewhere."""
    return form == "iso8601" or needs_zone(form)


def needs_zone(form: str) -> bool:
    """Whether no text of this format says its zone itself."""
    return form not in NAMED_FORMATS and "%z" not in form


def format_fault(form: str) -> str | None:
    """What is wrong with a format, or None: it must be readable, and tell year, month and day."""
    if form in NAMED_FORMATS:
        return None
    if "%" not in form:
        return f"{form!r} is neither one of {', '.join(NAMED_FORMATS)} nor a text of strptime directives"
    directives = _DIRECTIVE.findall(form)
    if "Z" in directives:
        return f"{form!r} passes over the name of a zone (`%Z`): write it as it stands, or name its column"
    try:
        back = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007 - only its wall is looked at
    except (ValueError, OverflowError) as error:
        return f"{form!r} cannot be read back: {error}"
    if back.date() != _PROBE.date():
        return f"{form!r} does not tell year, month and day"
    if back.hour not in (0, _PROBE.hour):
        return f"{form!r} does not tell morning from afternoon: `%I` wants `%p`"
    return None


def instant_reader(
    forms: Sequence[str],
    zone_name: str | None,
    ambiguous: Literal["earlier", "later", "refuse"],
    two_forms: Literal["refuse", "first"] = "refuse",
) -> Reader:
    """A function from a value of the log to an instant in UTC.

    It raises `TimeError` for a text that is of none of these forms (or, where `two_forms` is ``refuse``, is
    of two that mean different instants), has no zone, or names a local time that does not exist (or, where
    `ambiguous` is ``refuse``, exists twice).
    """
    readers = [_reader_of(form, zone_name, ambiguous) for form in forms]
    if len(readers) == 1:
        return readers[0]

    def read(value: Any) -> datetime:
        found: dict[datetime, str] = {}
        misses: list[TimeError] = []
        for form, one in zip(forms, readers, strict=True):
            try:
                found.setdefault(one(value), form)
            except TimeError as error:
                misses.append(error)
            if found and two_forms == "first":
                break
        if not found:
            raise _of_none(value, forms, misses)
        if len(found) > 1:
            meant = " or ".join(f"{format_instant(at)} ({form})" for at, form in found.items())
            raise InstantError(
                "two-forms", f"{value!r} can be {meant}; say `two_forms: first` where the first form counts"
            )
        return next(iter(found))

    return read


def _of_none(value: Any, forms: Sequence[str], misses: Sequence[TimeError]) -> TimeError:
    """A text that has a form and yet names no instant is told as that; else that it has none of them."""
    closer = [one for one in misses if one.rule not in ("time-format", "instant-form")]
    return closer[0] if closer else InstantError("time-format", f"{value!r} is of none of the forms {forms}")


def _reader_of(form: str, zone_name: str | None, ambiguous: Literal["earlier", "later", "refuse"]) -> Reader:
    if form == "rfc3339":
        return parse_instant
    if form in ("unix", "unix_ms"):
        unit = timedelta(seconds=1) if form == "unix" else timedelta(milliseconds=1)
        return lambda value: _since_epoch(value, unit)
    where = None if zone_name is None else zone(zone_name)

    @lru_cache(maxsize=4096)  # times of a log repeat: many rows a minute, and opening times in every row
    def read_text(value: str) -> datetime:
        try:
            text = value.strip()
            # Its zone comes next.
            found = datetime.fromisoformat(text) if form == "iso8601" else datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError as error:
            raise InstantError(
                "time-format", f"{value!r} is not a time of the form {form!r}: {error}"
            ) from None
        if found.tzinfo is not None:
            return _in_utc(found, value)
        if where is None:
            raise InstantError("no-zone", f"{value!r} has no offset, and the map says no zone for it")
        return localize(found, where, ambiguous)

    def read(value: Any) -> datetime:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # 20260301 in JSON
        if not isinstance(value, str):
            raise InstantError("time-format", f"{value!r} is not a text of the form {form!r}")
        return read_text(value)

    return read


def _in_utc(found: datetime, value: str) -> datetime:
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise InstantError("instant-range", f"{value!r} is out of the range of years") from None


def _since_epoch(value: Any, unit: timedelta) -> datetime:
    try:
        if isinstance(value, bool):
            raise ValueError("a truth value is no time")
        return _EPOCH + float(value) * unit
    except (TypeError, ValueError, OverflowError) as error:
        raise InstantError("time-format", f"{value!r} is not a number since 1970: {error}") from None
