"""Nobody is told anything in their quiet hours: when a notice must wait, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from state_machines.time_errors import QuietHoursError, UnknownZone
from tasks.channels.port import Notice, Rejected

_ASK_AGAIN = timedelta(days=1)
_OWN_HOURS = frozenset({"live", "recording"})
"""`live` opens a callback, which keeps to the hours itself; `recording` reaches nobody."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when, UTC, and why."""

    until: datetime
    reason: str


def wait_for(notice: Notice, now: datetime) -> Wait | None:
    """How long a notice must wait because of its recipient's hours; None when it may go now.

    The recipient is `to` where that is an object; it may say `quiet_hours` and `zone`. (A `window` is for
    calls: being written to outside of it is fine.) Who has said nothing may be told at any time; who has,
    without a zone that is known, only when it is allowed everywhere in the world.

    Raises Rejected when the hours are not well formed: nobody can say then when to write.
    """
    recipient = notice.to
    if not isinstance(recipient, Mapping) or notice.channel in _OWN_HOURS:
        return None
    try:
        wishes = QuietHours.parse(recipient.get("quiet_hours"), None)
    except QuietHoursError as error:
        raise Rejected(f"to.{error.field}: {error.rule}, so that nobody knows when to write") from error
    allowed = _next_allowed(now, wishes, recipient.get("zone"))
    if isinstance(allowed, NeverAllowed):
        return Wait(now + _ASK_AGAIN, "quiet hours, and the recipient's zone is unknown")
    return None if allowed <= now else Wait(allowed, "quiet hours of the recipient")


def _next_allowed(now: datetime, wishes: QuietHours, zone: Any) -> datetime | NeverAllowed:
    """A zone that nobody knows is as good as none."""
    try:
        return next_allowed(now, wishes, zone if isinstance(zone, str) else None)
    except UnknownZone:
        return next_allowed(now, wishes, None)
