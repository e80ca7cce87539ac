"""When somebody may be contacted, by the hours that they have said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from state_machines.values.instants import shifted, zone
from state_machines.values.time_errors import QuietHoursError, UnknownZone


def contact_time(customer: Any, instant: datetime) -> datetime:
    """``contact_time(customer, instant)``: the first instant from there on at which they may be contacted.

    An object may say ``zone``, ``quiet_hours`` and ``window``; a customer of any other form has said
    nothing and may be contacted at any time. A zone that is missing or no zone is unknown; where that
    leaves no instant at all, or their hours cannot be read, the answer is a day later: whoever asks
    again keeps waiting and can be seen to, and nobody is called in what may be their night.
    """
    if not isinstance(customer, Mapping):
        return instant
    try:
        wishes = QuietHours.parse(customer.get("quiet_hours"), customer.get("window"))
    except QuietHoursError:
        return shifted(instant, timedelta(days=1))
    found = next_allowed(instant, wishes, _known_zone(customer.get("zone")))
    return shifted(instant, timedelta(days=1)) if isinstance(found, NeverAllowed) else found


def _known_zone(name: Any) -> str | None:
    try:
        zone(name)
    except UnknownZone:
        return None
    return str(name)
