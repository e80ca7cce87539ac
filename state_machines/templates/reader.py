"""Who reads a notice: in which language, by which clock, and on which day."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError

from state_machines.values.instants import UnknownZone, zone

_AT_HOME: Mapping[str, str] = {"en": "en_GB", "pt": "pt_PT"}
"""The country that is meant by a language alone, where CLDR would take another one's dates."""


class Reader(NamedTuple):
    """For whom something is written.

    Attributes:
        language: the language of the template that is used, such as ``de``.
        locale: how dates and numbers are written.
        zone: the zone in which times are told.
        zone_known: whether that is theirs; if not it is UTC, and times say so.
        now: the instant of writing, UTC; a date of another year says the year.
    """

    language: str
    locale: Locale
    zone: tzinfo
    zone_known: bool
    now: datetime

    @property
    def zone_name(self) -> str:
        """By which the zone is known: an IANA name."""
        return str(self.zone) if self.zone_known else "UTC"


def wished_language(to: Any) -> str | None:
    """The language that a receiver asked for, as a BCP 47 tag with its usual letters; None if none."""
    if isinstance(to, str) or not isinstance(to, Mapping):
        return None
    wished = to.get("language")
    return normal_tag(wished) if isinstance(wished, str) and wished else None


@lru_cache(maxsize=1024)
def normal_tag(tag: str) -> str:
    """``DE_at`` is ``de-AT``: the first part in small letters, a country of two in capitals."""
    first, *others = tag.replace("_", "-").split("-")
    return "-".join([first.lower(), *(one.upper() if len(one) == 2 else one for one in others)])


def reader_of(to: Any, language: str, now: datetime) -> Reader:
    """The reader that a receiver is, for a text in `language`.

    Dates follow the receiver's own tag where it belongs to that language: somebody of ``en-US`` who
    reads the English text reads American dates.
    """
    if isinstance(to, str):
        return Reader(language, locale_of(language), UTC, False, now)
    wished = wished_language(to)
    own = wished if wished is not None and wished.partition("-")[0] == language.partition("-")[0] else None
    try:
        theirs = zone(to["zone"]) if isinstance(to, Mapping) and "zone" in to else None
    except UnknownZone:
        theirs = None
    return Reader(language, locale_of(own or language), theirs or UTC, theirs is not None, now)


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """The locale for a language; what CLDR does not know is written as in English."""
    for one in (_AT_HOME.get(tag, tag), tag.partition("-")[0], "en_GB"):
        try:
            return Locale.parse(one.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("CLDR knows en_GB")
