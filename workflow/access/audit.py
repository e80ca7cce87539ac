"""The audit log: who did what over the doors, who read what, and who was refused.

Who *sent* an accepted event stands in the ledger, as the event's actor; here stands what the ledger does not
know. Entries are written a moment later, together, by a thread of their own: no read waits for its record.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select, delete, insert, select

from workflow.clock import monotonic
from workflow.store import schema
from workflow.store.port import Store

DONE, REFUSED = "done", "refused"
TURNED_AWAY = "turned_away"
"""Of events that broke a rule at the door: their sender was permitted, and nothing was kept of them."""
LONGEST = 300
"""Characters of an action or a target that are kept."""
_AUDIT = schema.audit.c

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act.

    Attributes:
        at: when, UTC.
        actor: who, as the ledger names them; None: nobody whom a key named.
        key: the public part of their key.
        action: a method and a route, such as ``GET /v1/subjects/{key}``, or a command.
        target: what it was about: a path, the key of a subject, an id.
        outcome: ``done``, ``refused`` or ``turned_away``.
        reason: the rule by which it was refused.
        address: from where, as the server saw it.
        request_id: of the request, as its answer and the logs name it.
    """

    at: datetime
    actor: str | None
    key: str | None
    action: str
    target: str | None
    outcome: str
    reason: str | None = None
    address: str | None = None
    request_id: str | None = None


class AuditFilter(NamedTuple):
    """Which entries; what is None narrows nothing. `since` is an instant, UTC."""

    actor: str | None = None
    target: str | None = None
    outcome: str | None = None
    since: datetime | None = None


def write(store: Store, entries: Sequence[AuditEntry]) -> None:
    """Write entries, all of them or none."""
    rows = [
        {
            name: value[:LONGEST].replace("\x00", "") if isinstance(value, str) else value
            for name in AuditEntry.__slots__
            for value in (getattr(one, name),)
        }
        for one in entries
    ]
    if rows:
        with store.begin() as transaction:
            transaction.connection.execute(insert(schema.audit), rows)


def chosen(wanted: AuditFilter, after: int) -> Select[Any]:
    """The query for these entries, the oldest first, their row ids in front; those behind the row `after`."""
    columns = [_AUDIT[name] for name in AuditEntry.__slots__]
    statement = select(_AUDIT.id, *columns).where(_AUDIT.id > after).order_by(_AUDIT.id)
    for name in ("actor", "target", "outcome"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(_AUDIT[name] == value)
    return statement if wanted.since is None else statement.where(_AUDIT.at >= wanted.since)


def prune(store: Store, before: datetime, most: int = 5_000) -> int:
    """Forget entries older than this instant (UTC), at most so many; how many it were."""
    old = select(_AUDIT.id).where(_AUDIT.at < before).order_by(_AUDIT.at).limit(most)
    with store.connect() as connection:
        found = list(connection.scalars(old))
    if found:
        with store.begin() as transaction:
            transaction.connection.execute(delete(schema.audit).where(_AUDIT.id.in_(found)))
    return len(found)


class AuditLog:
    """Keeps the entries of one process until they are written. `close` it at the end."""

    EVERY = 0.5
    """Seconds between two writes, at most."""
    _MOST = 10_000
    """Entries that may wait; beyond, those without a known actor go first."""
    _NAMELESS = 120
    """Entries without an actor that are kept a minute: whoever has no key must not fill the database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[AuditEntry] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._minute = 0.0
        self._nameless = 0
        self.left_out = 0
        """Entries that were not kept: of callers without a key, beyond the bound."""

    def note(self, entry: AuditEntry) -> None:
        """Have an entry written soon. Never blocks and never raises; for the event loop's thread."""
        if entry.actor is None and not self._may_note_nameless():
            self.left_out += 1
            return
        with self._changed:
            if len(self._waiting) >= self._MOST:
                self.left_out += 1
                return
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="makegood-audit", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _may_note_nameless(self) -> bool:
        now = monotonic()
        if now - self._minute > 60:
            self._minute, self._nameless = now, 0
        self._nameless += 1
        return self._nameless <= self._NAMELESS

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                taken, self._waiting = self._waiting, []
                closing = self._closing
            self._write(taken)
            if closing:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._closing, self.EVERY)

    def _write(self, taken: list[AuditEntry]) -> None:
        try:
            write(self._store, taken)
        except (
            Exception
        ) as error:  # the database is away: they wait for the next time, as far as there is room
            log.warning("the audit log could not be written", entries=len(taken), error=type(error).__name__)
            with self._changed:
                self._waiting = (taken + self._waiting)[: self._MOST]
