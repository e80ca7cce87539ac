"""Requests with events that broke a rule at the door: whose they were, which event, which field and rule.

They are kept in the audit log, for as long as that is kept; never what stood in a field. Of each key so many
a minute: a sender that repeats a fault for ever fills no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from state_machines.errors import Problem
from workflow.access.audit import TURNED_AWAY, AuditEntry, AuditLog
from workflow.api.http.accountability import entry_of, remembered_holder
from workflow.clock import Clock, monotonic
from workflow.engine.cloudevent import CloudEvent

A_MINUTE = 60
"""That are kept of one key in a minute, by each process."""
_EVENTS = "makegood_events"
_MINUTE = 60.0


def remember_events(scope: Any, events: Sequence[CloudEvent]) -> None:
    """Note which events this request is about, as far as they could be read."""
    scope[_EVENTS] = events


class TurnedAway:
    """Notes them, within bounds. For the event loop's thread."""

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._begun = 0.0
        self._noted: Counter[str] = Counter()

    def note(self, scope: Scope, route: str, problems: Sequence[Problem]) -> None:
        """Note one request, if its key has not had too many in this minute."""
        holder = remembered_holder(scope)
        if holder is None or not self._may_note(holder.id):
            return
        entry = entry_of(scope, self._clock.now(), route, refused=False)
        rules = "; ".join(f"{one.field} [{one.rule}]" for one in problems)
        self._audit.note(
            AuditEntry(
                entry.at, entry.actor, entry.key, entry.action, _named(scope.get(_EVENTS, ())), TURNED_AWAY,
                rules, entry.address, entry.request_id,
            )
        )  # fmt: skip

    def _may_note(self, key: str) -> bool:
        now = monotonic()
        if now - self._begun > _MINUTE:
            self._begun = now
            self._noted.clear()
        self._noted[key] += 1
        return self._noted[key] <= A_MINUTE


def _named(events: Sequence[CloudEvent]) -> str | None:
    """The first of them, by type, source and id; None where none could be read."""
    if not events:
        return None
    more = f" and {len(events) - 1} more" if len(events) > 1 else ""
    return f"{events[0].type} {events[0].source} {events[0].id}{more}"
