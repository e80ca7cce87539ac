"""The hours of the house as they are for a customer: on the walls of where they are, with their holidays."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from state_machines.calendars.holiday_rules import holiday_rule
from state_machines.values.instants import zone
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError


def customer_hours(hours: Mapping[str, Any], customer: Any) -> dict[str, Any]:
    """``customer_hours(hours, customer)``: these hours by the customer's clock, and on their working days.

    What nobody knows of them, their `zone` or their `country` (and `subdivision`), is as the hours have it,
    and so is what cannot be read. Days that the hours name themselves, `closed` or `open`, stay.
    """
    known = customer if isinstance(customer, Mapping) else {}
    theirs: dict[str, Any] = to_json(hours)
    with suppress(TimeError):
        theirs["zone"] = zone(known.get("zone")).key  # type: ignore[arg-type]  # refuses what is not a text
    with suppress(TimeError):
        if (holidays := holidays_of(known)) is not None:
            theirs["holidays"] = holidays
    return theirs


def holidays_of(customer: Mapping[str, Any]) -> dict[str, str] | None:
    """Whose holidays are theirs; None where their country is not known.

    Raises:
        CalendarError: there is no such country, or no such part of it.
    """
    country, part = customer.get("country") or None, customer.get("subdivision") or None
    if country is None:
        return None
    rule = holiday_rule(country, part, "")
    return {"country": rule.country, **({"subdivision": rule.subdivision} if rule.subdivision else {})}
