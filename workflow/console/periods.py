"""Days, weeks, months, quarters and years by which figures are grouped, as people read them."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date, format_skeleton

from workflow.console.translations import translations
from workflow.recovery.barometer.periods import UNITS


def period_name(label: str, unit: str, language: str) -> str:
    """``July 2026`` of the month ``2026-07``; what is grouped by anything else is called as it is."""
    known = translations(language)
    match unit if unit in UNITS else "":
        case "day":
            pattern = known.pgettext("clock", "EEE d MMM y")
            return format_date(date.fromisoformat(label), pattern, language)
        case "week":
            year, _, number = label.partition("-W")
            return known.gettext("week %(number)s of %(year)s") % {"number": int(number), "year": year}
        case "month":
            return str(format_skeleton("yMMMM", date.fromisoformat(f"{label}-01"), locale=language))
        case "quarter":
            year, _, number = label.partition("-Q")
            return str(format_skeleton("yQQQ", date(int(year), int(number) * 3, 1), locale=language))
        case _:
            return label
