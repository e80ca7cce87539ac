"""PostgreSQL: rows travel as arrays, one statement a table and batch, few round trips.

SQLAlchemy pools and transacts, the hot statements go straight to psycopg.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from workflow.store import postgresql_pools, rows
from workflow.store import postgresql_statements as sql
from workflow.store import postgresql_writing as writing
from workflow.store.array_literals import documents, literal, texts
from workflow.store.port import (
    Changes,
    Claim,
    Dispatch,
    EffectRow,
    EffectUpdate,
    KnownEvent,
    NewEvent,
    Pending,
    Version,
)
from workflow.store.postgresql_errors import as_sqlalchemy, takes_no_writes
from workflow.store.postgresql_writing import Statement
from workflow.store.shared_time import SharedTime

_COMMIT: Statement = ("commit", {})
_OWNER = 5
"""The place of the subject's id in a row of a due timer."""
_FIRST, _BY_NAME = itemgetter(0), itemgetter(0, 2)


class PostgresTransaction:
    """One write transaction on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self._driver = driver

    def _ask(self, *statements: Statement) -> list[Sequence[Any]]:
        """Run several statements in one round trip; the rows of each."""
        cursors = [self._driver.cursor() for _ in statements]
        statement = ""
        try:
            with self._driver.pipeline():
                for cursor, (statement, values) in zip(cursors, statements, strict=True):
                    cursor.execute(statement, values, prepare=True)
            return [cursor.fetchall() if cursor.description else () for cursor in cursors]
        except psycopg.Error as error:
            raise self._failed(error, statement) from error

    def _failed(self, error: psycopg.Error, statement: str) -> BaseException:
        if self._driver.closed or takes_no_writes(error):
            self.connection.invalidate(error)
            self.connection.engine.dispose()  # and so may all others be that it holds
        return as_sqlalchemy(error, statement, self.connection.dialect)

    def _run(self, statement: str, **values: Any) -> Sequence[Any]:
        return self._ask((statement, values))[0]

    def accept(
        self, events: Sequence[NewEvent], now: datetime, *, last: bool = False
    ) -> set[tuple[str, str]]:
        """Add events to the ledger and the inbox; returns (source, event_id) of the new ones."""
        if not events:
            return set()
        left = self._enter(events, now, last)
        added = {(event.source, event.event_id) for event in events}
        unknown = []
        for place, subject_unknown in sorted(left):  # in the order in which they came
            event = events[place - 1]
            if subject_unknown:
                unknown.append(event)
            added.discard((event.source, event.event_id))
        # By now others have committed the subjects, or each is added for what is left of its events.
        return added | self.accept(unknown, now, last=last) if unknown else added

    def _enter(self, events: Sequence[NewEvent], now: datetime, last: bool) -> Sequence[Any]:
        wanted = {event.subject: event for event in reversed(events)}  # a new subject's first event opens it
        keys = sorted(wanted)
        firsts = [wanted[key] for key in keys]
        sources, event_ids, subjects, _, _, types, times, data, parents, effects, actors, hops, *more = zip(
            *events, strict=True
        )
        expected, requests, traces = more
        rows_of_events = {
            "keys": texts(keys),
            "lifecycles": literal([event.lifecycle for event in firsts]),
            "versions": literal([event.version for event in firsts]),
            "parents": texts([event.parent for event in firsts]),
            "first_sources": texts([event.source for event in firsts]),
            "first_ids": texts([event.event_id for event in firsts]),
            "now": now,
            "sources": texts(sources),
            "event_ids": texts(event_ids),
            "subjects": texts(subjects),
            "types": literal(types),
            "times": literal([time or now for time in times]),
            "data": documents(data),
            "event_parents": texts(parents),
            "effects": texts(effects),
            "actors": texts(actors),
            "hops": literal(hops),
            "expected": literal(expected),
            "requests": texts(requests),
            "traces": literal(traces),
        }
        if last and self._driver.info.transaction_status == TransactionStatus.IDLE:
            return self._alone(sql.ACCEPT, rows_of_events)
        return self._ask((sql.ACCEPT, rows_of_events), *([_COMMIT] if last else []))[0]

    def _alone(self, statement: str, values: dict[str, Any]) -> Sequence[Any]:
        """A statement that is a transaction by itself: one message, without BEGIN and COMMIT."""
        self._driver.autocommit = True
        try:
            return self._driver.execute(statement, values, prepare=True).fetchall()
        except psycopg.Error as error:
            raise self._failed(error, statement) from error
        finally:
            if not self._driver.closed:
                self._driver.autocommit = False

    def known_events(self, ids: Sequence[tuple[str, str]]) -> list[KnownEvent]:
        """The events accepted before, by (source, event_id)."""
        sources, event_ids = zip(*ids, strict=True)
        found = self._run(sql.KNOWN_EVENTS, sources=texts(sources), event_ids=texts(event_ids))
        return [rows.known_event(row) for row in found]

    def claim_events(
        self, limit: int, *, from_outside: bool = False, leaving: Collection[Version] = ()
    ) -> Claim:
        """Take up to `limit` undecided events out of the inbox, in order, with their subjects."""
        claim = sql.CLAIM_EVENTS_FROM_OUTSIDE if from_outside else sql.CLAIM_EVENTS
        (found,) = self._ask(_leaving((claim, {"limit": limit}), leaving))
        if not found:
            return Claim()
        subjects = {row[1]: row[1:] for row in found}
        ids = literal(sorted(subjects))
        # Read after the subjects are locked, in statements and so snapshots of their own.
        taken, timers = self._ask(
            (sql.TAKE_EVENTS, {"last": found[-1][0], "ids": ids, "limit": limit}),
            (sql.TIMERS, {"ids": ids}),
        )
        held = rows.held_timers(sorted(timers, key=_BY_NAME))
        events = sorted(taken, key=_FIRST)
        return rows.event_claim(events, subjects.values(), held, full=len(found) >= limit)

    def claim_timers(self, now: datetime, limit: int, *, leaving: Collection[Version] = ()) -> Claim:
        """Up to `limit` due timers, the longest due first, with their subjects."""
        claim = (sql.CLAIM_TIMERS.format(most=limit), {"now": now})
        found, [(next_due,)] = self._ask(_leaving(claim, leaving), (sql.NEXT_DUE, {"now": now}))
        if not found:
            return Claim(next_due=next_due)
        last = {row[_OWNER]: row[2] for row in sorted(found, key=itemgetter(2))}
        ids = literal(list(last))
        before, timers = self._ask(
            (sql.TAKE_EVENTS_BEFORE, {"ids": ids, "dues": literal(list(last.values()))}),
            (sql.TIMERS, {"ids": ids}),
        )
        held = rows.held_timers(sorted(timers, key=_BY_NAME))
        due = [row[:-1] for row in found]
        share = 1 + (limit - 1) // found[0][-1]
        return rows.timer_claim(due, sorted(before, key=_FIRST), held, share=share, next_due=next_due)

    def put_back(self, work: Sequence[Pending]) -> None:
        """Leave claimed work to a later claim."""
        events = [one for one in work if one.event_row is not None]
        if events:
            self._ask(writing.put_back(events))

    def children(self, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(parent key, child key) of all children, by child row."""
        found = self._run(sql.CHILDREN, parents=texts(parents))
        return [(parent, key) for _, parent, key in sorted(found, key=_FIRST)]

    def write(
        self, changes: Changes, now: datetime, dispatch: Dispatch | None = None, *, last: bool = False
    ) -> list[EffectRow]:
        """Write what a batch of decisions changes in one round trip, with the commit if it is the last."""
        batch = list(writing.statements(changes, now))
        effects: list[EffectRow] = []
        if dispatch is not None and not dispatch.takes(changes.effects):
            dispatch = None
        written = len(batch)
        if changes.effects:
            batch.append(writing.effects(changes, now, dispatch))
        if changes.recalls:
            batch.append(writing.recalls(changes))
        if last:
            batch.append(_COMMIT)
        answers = self._ask(*batch) if batch else []
        if dispatch is not None and changes.effects:
            ids = {key: one for one, key in answers[written]}
            effects = rows.dispatched(changes, ids, dispatch.token, now)
        return effects

    def write_search(self, changes: Changes) -> None:
        """Write what subjects are found and chosen by, and nothing else."""
        batch = list(writing.search_statements(changes))
        if batch:
            self._ask(*batch)

    def claim_effects(self, now: datetime, lease_until: datetime, token: str, limit: int) -> list[EffectRow]:
        """Mark up to `limit` due effects as published under `token`, and return them."""
        return rows.effects_of(
            self._run(sql.CLAIM_EFFECTS, now=now, lease_until=lease_until, token=token, limit=limit)
        )

    def begin_effects(self, ids: Sequence[int], token: str, lease_until: datetime) -> list[EffectRow]:
        """Mark as sending those of these still published under `token`, and return them."""
        return rows.effects_of(
            self._run(sql.BEGIN_EFFECTS, ids=literal(ids), token=token, lease_until=lease_until)
        )

    def update_effects(self, updates: Sequence[EffectUpdate]) -> None:
        """Write the next states of effects, except for those that are settled or that others hold by now."""
        if not updates:
            return
        batch: list[Statement] = []
        if len(updates) > 1:
            batch.append((sql.LOCK_EFFECTS, {"ids": literal(sorted(u.id for u in updates))}))
        batch.append(writing.effect_updates(updates))
        self._ask(*batch)

    def hold(self, names: Collection[str]) -> None:
        """Hold a name to the end of the transaction."""
        self._run(sql.HOLD, names=texts(sorted(names)))


def _leaving(claim: Statement, versions: Collection[Version]) -> Statement:
    if not versions:
        return claim
    statement, values = claim
    return sql.leaving(statement), {**values, "leaving": texts([str(one) for one in versions])}


class PostgresStore:
    """A PostgreSQL database; `patient` as for `open_store`."""

    dialect = "postgresql"

    def __init__(self, url: str, *, patient: bool = False) -> None:
        self.time = SharedTime()
        self.engine = postgresql_pools.writing(url, self.time.look, patient=patient)
        self._reading = postgresql_pools.reading(url, self.time.look, patient=patient)

    @contextmanager
    def begin(self) -> Iterator[PostgresTransaction]:
        """A write transaction: committed at the end, rolled back on an exception."""
        with self.engine.begin() as connection:
            yield PostgresTransaction(connection)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self._reading.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        self._reading.dispose()
