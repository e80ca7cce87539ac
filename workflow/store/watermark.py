"""The watermark: up to which row the ledger's moves are complete, so that whoever read them has missed none.

Rows get their ids before their transactions commit, and transactions commit in any order: behind a row that
can be seen another may still appear. At and below the watermark none will (docs/adr/0039).

On PostgreSQL a transaction holds a lock on the table from before it draws an id until all can see what it
wrote. So whatever has an id below one that can be seen is either there or belongs to a transaction that holds
this lock now; once each of these holders has let go, nothing more can come. SQLite has one writer: what can
be seen is complete.

Source: PostgreSQL 18, 13.3.1 "Table-Level Locks" (ROW EXCLUSIVE is what INSERT takes), and the view
"pg_locks".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, text

from workflow.store.port import Store

_NEWEST = text("select coalesce(max(id), 0) from moves")
_WRITERS = text(
    "select virtualtransaction from pg_locks where locktype = 'relation' and mode = 'RowExclusiveLock'"
    " and granted and database = (select oid from pg_database where datname = current_database())"
    " and relation = cast('moves' as regclass)"
)


class _Candidate(NamedTuple):
    """A row that becomes the watermark once none of these transactions goes on."""

    row: int
    writers: frozenset[str]


class Watermark:
    """Finds the watermark of a store. One a process, for any thread; it never goes back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._row = 0
        self._looks = 0
        self._candidate: _Candidate | None = None

    def row(self) -> int:
        """Look, and return the id up to which the ledger's moves are complete; 0 while there is none.

        It is as new as the transactions that were writing at the look before: ask again, and it has moved on.
        """
        begun = self._looks
        with self._lock:
            if self._looks == begun:  # else somebody looked meanwhile, for all who were waiting
                self._looks += 1
                with self._store.connect() as connection:
                    self._row = max(self._row, self._look(connection))
            return self._row

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, int]]:
        """A connection that sees every move up to this row."""
        row = self.row()
        with self._store.connect() as connection:  # a transaction of its own: it sees what was there by then
            yield connection, row

    def _look(self, connection: Connection) -> int:
        if self._store.dialect != "postgresql":
            return int(connection.scalar(_NEWEST) or 0)
        row = self._row
        if self._candidate is not None:
            if self._candidate.writers & _writers(connection):
                return row
            row, self._candidate = self._candidate.row, None
        newest = int(connection.scalar(_NEWEST) or 0)
        if newest > row:
            writers = _writers(connection)  # asked for after the row was seen, never before
            if writers:
                self._candidate = _Candidate(newest, writers)
            else:
                row = newest
        return row


def _writers(connection: Connection) -> frozenset[str]:
    """The transactions that may have drawn ids of moves and are not seen by all yet."""
    return frozenset(connection.scalars(_WRITERS))
