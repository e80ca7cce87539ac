"""Instants as the customer reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from state_machines.values.instants import as_utc, parse_instant, zone
from state_machines.values.time_errors import TimeError


def zone_of(customer: Any) -> str | None:
    """The customer's zone, if they have said one that there is."""
    name = customer.get("zone") if isinstance(customer, Mapping) else None
    try:
        return None if not isinstance(name, str) else str(zone(name))
    except TimeError:
        return None


def local_text(instant: datetime | str | None, where: str | None) -> str | None:
    """``Tue 3 Mar 2026, 14:00 (Europe/Berlin)``; in UTC where the zone is unknown. None stays None.

    Args:
        instant: aware, or RFC 3339 text as subjects keep it.
        where: name of a zone that there is, or None.
    """
    if instant is None:
        return None
    at = parse_instant(instant) if isinstance(instant, str) else as_utc(instant)
    clock = at if where is None else at.astimezone(zone(where))
    return f"{clock:%a} {clock.day} {clock:%b %Y, %H:%M} ({where or 'UTC'})"
