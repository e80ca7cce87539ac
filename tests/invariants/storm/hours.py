"""The hours of people: whether a clock on their wall shows a time at which it is quiet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_quiet(at: datetime, customer: Mapping[str, Any]) -> bool:
    """Whether a clock on their wall shows a time within their quiet hours; without a zone it may."""
    hours = customer.get("quiet_hours")
    if not hours:
        return False
    try:
        wall = at.astimezone(ZoneInfo(customer["zone"])).strftime("%H:%M")
    except (ZoneInfoNotFoundError, TypeError, ValueError, KeyError):
        return True
    begin, end = (hours if isinstance(hours, str) else hours[0]).split("-")
    return bool(begin <= wall < end if begin <= end else wall >= begin or wall < end)
