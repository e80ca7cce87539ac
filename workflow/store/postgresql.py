"""PostgreSQL: rows travel as arrays, one statement a table and batch.

SQLAlchemy pools and transacts, the hot statements go straight to psycopg.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DisconnectionError

from workflow.clock import monotonic
from workflow.store import postgresql_statements as sql
from workflow.store import rows
from workflow.store.port import Changes, Claim, EffectRow, EffectUpdate, FirstOutcome, NewEvent

_IDLE_SECONDS = 2.0


class PostgresTransaction:
    """One write transaction on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _run(self, statement: str, **values: Any) -> Sequence[Any]:
        result = self.connection.exec_driver_sql(statement, values)
        return result.fetchall() if result.returns_rows else ()

    def accept(self, events: Sequence[NewEvent], now: datetime) -> set[tuple[str, str]]:
        """Add events to the ledger and the inbox; returns (source, event_id) of the new ones."""
        if not events:
            return set()
        ids = self._subject_ids(events)
        columns = list(zip(*events, strict=True))
        added = self._run(
            sql.EVENTS,
            now=now,
            sources=list(columns[0]),
            event_ids=list(columns[1]),
            subject_ids=[ids[event.subject] for event in events],
            types=list(columns[5]),
            times=list(columns[6]),
            data=[rows.to_json(data) for data in columns[7]],
            parents=list(columns[8]),
        )
        return {(source, event_id) for source, event_id in added}

    def _subject_ids(self, events: Sequence[NewEvent]) -> dict[str, int]:
        wanted = {event.subject: event for event in reversed(events)}  # a new subject's first event opens it
        keys = sorted(wanted)
        found = self._run(
            sql.SUBJECT_IDS,
            keys=keys,
            lifecycles=[wanted[key].lifecycle for key in keys],
            versions=[wanted[key].version for key in keys],
            parents=[wanted[key].parent for key in keys],
        )
        ids = {key: row for row, key in found}
        missing = [key for key in keys if key not in ids]  # added by another transaction after our snapshot
        if missing:
            ids |= {key: row for row, key in self._run(sql.KNOWN_IDS, keys=missing)}
        return ids

    def first_outcomes(self, ids: Sequence[tuple[str, str]]) -> list[FirstOutcome]:
        """What became of events accepted before, by (source, event_id)."""
        found = self._run(sql.FIRST, sources=[one[0] for one in ids], event_ids=[one[1] for one in ids])
        return [FirstOutcome(*row) for row in found]

    def claim_events(self, limit: int) -> Claim:
        """Take up to `limit` undecided events out of the inbox, in order, with their subjects."""
        found = self._run(sql.CLAIM_EVENTS, limit=limit)
        if not found:
            return Claim()
        subjects = {row[1]: row[1:] for row in found}
        taken = self._run(sql.TAKE_EVENTS, last=found[-1][0], ids=sorted(subjects))
        return rows.event_claim(taken, subjects.values(), self._timers(subjects))

    def claim_timers(self, now: datetime, limit: int) -> Claim:
        """Up to `limit` due timers, the longest due first, with their subjects."""
        found = self._run(sql.CLAIM_TIMERS, now=now, limit=limit)
        if not found:
            return Claim()
        ids = sorted({row[3] for row in found})
        first = {row: rows.instant(received) for row, received in self._run(sql.FIRST_RECEIVED, ids=ids)}
        ready = [row for row in found if row[3] not in first or row[2] < first[row[3]]]
        return rows.timer_claim(ready, self._timers(ids))

    def _timers(self, subject_rows: Collection[int]) -> rows.Held:
        # Read after the subjects are locked, in a statement and so a snapshot of its own.
        return rows.held_timers(self._run(sql.TIMERS, ids=sorted(subject_rows)))

    def children(self, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(parent key, child key) of all children, by child row."""
        return [(parent, key) for parent, key in self._run(sql.CHILDREN, parents=list(parents))]

    def write(self, changes: Changes, now: datetime) -> None:
        """Write what a batch of decisions changes: no statement waits for the one before to be answered."""
        with self.connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]
            self._write(changes, now)

    def _write(self, changes: Changes, now: datetime) -> None:
        self._write_subjects(changes)
        self._write_timers(changes)
        if changes.moves:
            self._run(
                sql.MOVES,
                **{f"c{n}": list(column) for n, column in enumerate(zip(*changes.moves, strict=True))},
            )
        if changes.effects:
            ids, keys, kinds, targets, queues, payloads = zip(*changes.effects, strict=True)
            self._run(
                sql.EFFECTS,
                now=now,
                ids=list(ids),
                keys=list(keys),
                kinds=list(kinds),
                targets=list(targets),
                queues=list(queues),
                payloads=[rows.to_json(payload) for payload in payloads],
            )
        if changes.dead_events:
            ids, subject_ids, errors = zip(*changes.dead_events, strict=True)
            self._run(
                sql.BURY_EVENTS, now=now, ids=list(ids), subject_ids=list(subject_ids), errors=list(errors)
            )
        if changes.dead_timers:
            ids, names, errors = zip(*changes.dead_timers, strict=True)
            self._run(sql.BURY_TIMERS, now=now, ids=list(ids), names=list(names), errors=list(errors))

    def _write_subjects(self, changes: Changes) -> None:
        if not changes.subjects:
            return
        subjects = list(changes.subjects.values())
        self._run(
            sql.UPDATE_SUBJECTS,
            ids=list(changes.subjects),
            versions=[s.version for s in subjects],
            states=[s.state for s in subjects],
            seqs=[s.seq for s in subjects],
            data=[rows.to_json(s.data) for s in subjects],
            parents=[s.parent for s in subjects],
            opened=[s.opened_at for s in subjects],
            changed=[s.changed_at for s in subjects],
        )

    def _write_timers(self, changes: Changes) -> None:
        if changes.timers_cancelled:
            ids, names = zip(*sorted(changes.timers_cancelled), strict=True)
            self._run(sql.CANCEL, ids=list(ids), names=list(names))
        if not changes.timers_set:
            return
        timers = [changes.timers_set[place] for place in sorted(changes.timers_set)]
        ids, names = zip(*sorted(changes.timers_set), strict=True)
        self._run(
            sql.SET,
            ids=list(ids),
            names=list(names),
            settings=[t.setting for t in timers],
            set_ats=[t.set_at for t in timers],
            due_ats=[t.due_at for t in timers],
            budgets=[rows.budget_of(t) for t in timers],
            pauses=[rows.pauses_json(t) for t in timers],
        )

    def claim_effects(self, now: datetime, lease_until: datetime, token: str, limit: int) -> list[EffectRow]:
        """Mark up to `limit` due effects as published under `token`, and give them back."""
        return rows.effects_of(
            self._run(sql.CLAIM_EFFECTS, now=now, lease_until=lease_until, token=token, limit=limit)
        )

    def begin_effects(self, ids: Sequence[int], token: str, lease_until: datetime) -> list[EffectRow]:
        """Of these, mark as sending those still published under `token`, and give them back."""
        return rows.effects_of(
            self._run(sql.BEGIN_EFFECTS, ids=list(ids), token=token, lease_until=lease_until)
        )

    def update_effects(self, updates: Sequence[EffectUpdate]) -> None:
        """Write how effects go on, except for those that are settled or that others hold by now."""
        if not updates:
            return
        ids = sorted(u.id for u in updates)
        if len(ids) > 1:
            self._run(sql.LOCK_EFFECTS, ids=ids)
        self._run(
            sql.UPDATE_EFFECTS,
            ids=[u.id for u in updates],
            states=[u.state for u in updates],
            due_ats=[u.due_at for u in updates],
            settled_ats=[u.settled_at for u in updates],
            receipts=[None if u.receipt is None else rows.to_json(u.receipt) for u in updates],
            errors=[u.error for u in updates],
            tokens=[u.token for u in updates],
            helds=[u.held for u in updates],
        )


class PostgresStore:
    """A PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=5, max_overflow=15, hide_parameters=True)

        @event.listens_for(self.engine, "connect")
        def configure(connection: Any, _: Any) -> None:
            # In any other zone the driver cannot read the first and the last hours of what Python can tell,
            # and one such row would stop every claim.
            connection.execute("set time zone 'UTC'")
            connection.commit()

        @event.listens_for(self.engine, "checkin")
        def returned(_: Any, record: Any) -> None:
            record.info["returned"] = monotonic()

        @event.listens_for(self.engine, "checkout")
        def taken(connection: Any, record: Any, _: Any) -> None:
            # A ping each time costs a round trip a transaction; only one that was idle may have been lost.
            if monotonic() - record.info.get("returned", monotonic()) > _IDLE_SECONDS:
                try:
                    connection.execute("select 1")
                    connection.rollback()
                except self.engine.dialect.loaded_dbapi.OperationalError as error:
                    raise DisconnectionError(str(error)) from error

    @contextmanager
    def begin(self) -> Iterator[PostgresTransaction]:
        """A write transaction: committed at the end, rolled back on an exception."""
        with self.engine.begin() as connection:
            yield PostgresTransaction(connection)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
