"""Public holidays of a country, or of a part of it, from the package `holidays`.

It is loaded with the first calendar that names a country: few do, and each process of ours would wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from state_machines.values.time_errors import CalendarError


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """Whose public holidays are free: an ISO 3166-1 country and, if given, one of its subdivisions."""

    country: str
    subdivision: str | None = None

    def name_of(self, day: date) -> str | None:
        """Name of the holiday that falls on `day`, in English where the package has it; else None."""
        return _of_year(self.country, self.subdivision, day.year).get(day)


def holiday_rule(country: object, subdivision: object, field: str) -> HolidayRule:
    """A rule for names that the package knows.

    Raises:
        CalendarError: it knows no such country, or no such part of it.
    """
    import holidays

    supported = holidays.list_supported_countries(include_aliases=True)
    if not isinstance(country, str) or country not in supported:
        hint = " (YAML reads NO as false: quote it)" if country is False else ""
        raise CalendarError(
            "unknown-country",
            f"{country!r} is no country with known holidays, such as 'DE'{hint}",
            f"{field}.country",
        )
    parts = supported[country]
    if subdivision is not None and subdivision not in parts:
        raise CalendarError(
            "unknown-subdivision",
            f"{subdivision!r} is no known part of {country}; it has: {', '.join(parts) or 'none'}",
            f"{field}.subdivision",
        )
    return HolidayRule(country, None if subdivision is None else str(subdivision))


@lru_cache(maxsize=512)
def _of_year(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    import holidays

    # One finished year at a time: the package's own lazy years are not safe between threads.
    # The language is named, since otherwise it would be that of the machine's environment.
    languages = holidays.list_localized_countries(include_aliases=True).get(country, [])
    language = "en_US" if "en_US" in languages else next(iter(languages), None)
    return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, language=language))
