"""How a log writes its times, and the way from such a text to an instant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from state_machines.values.instants import localize, parse_instant, zone
from state_machines.values.time_errors import InstantError

NAMED_FORMATS = ("rfc3339", "unix", "unix_ms")
"""Formats that are no strptime directives: an RFC 3339 text, seconds or milliseconds since 1970 in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROBE = datetime(2003, 11, 24, 13, 57, 46, tzinfo=UTC)
"""A moment whose year, month, day and hour are told apart in every format."""

Reader = Callable[[Any], datetime]


def carries_zone(form: str) -> bool:
    """Whether a text of this format says its zone itself."""
    return form in NAMED_FORMATS or "%z" in form


def format_fault(form: str) -> str | None:
    """What is wrong with a format, or None: it must be readable, and tell year, month and day."""
    if form in NAMED_FORMATS:
        return None
    if "%" not in form:
        return f"{form!r} is neither one of {', '.join(NAMED_FORMATS)} nor a text of strptime directives"
    try:
        back = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007 - only its date is looked at
    except (ValueError, OverflowError) as error:
        return f"{form!r} cannot be read back: {error}"
    if back.date() != _PROBE.date():
        return f"{form!r} does not tell year, month and day"
    return None


def instant_reader(
    form: str, zone_name: str | None, ambiguous: Literal["earlier", "later", "refuse"]
) -> Reader:
    """A function from a value of the log to an instant in UTC.

    It raises `TimeError` for a text that is not of this form, has no zone, or names a local time that
    does not exist (or, where `ambiguous` is ``refuse``, exists twice).
    """
    if form == "rfc3339":
        return parse_instant
    if form in NAMED_FORMATS:
        unit = timedelta(seconds=1) if form == "unix" else timedelta(milliseconds=1)
        return lambda value: _since_epoch(value, unit)
    where = None if zone_name is None else zone(zone_name)

    @lru_cache(maxsize=4096)  # times of a log repeat: many rows a minute, and opening times in every row
    def read_text(value: str) -> datetime:
        try:
            naive = datetime.strptime(value.strip(), form)  # noqa: DTZ007 - its zone comes next
        except ValueError as error:
            raise InstantError(
                "time-format", f"{value!r} is not a time of the form {form!r}: {error}"
            ) from None
        return naive.astimezone(UTC) if where is None else localize(naive, where, ambiguous)

    def read(value: Any) -> datetime:
        if not isinstance(value, str):
            raise InstantError("time-format", f"{value!r} is not a text of the form {form!r}")
        return read_text(value)

    return read


def _since_epoch(value: Any, unit: timedelta) -> datetime:
    try:
        if isinstance(value, bool):
            raise ValueError("a truth value is no time")
        return _EPOCH + float(value) * unit
    except (TypeError, ValueError, OverflowError) as error:
        raise InstantError("time-format", f"{value!r} is not a number since 1970: {error}") from None
