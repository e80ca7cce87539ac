"""SQLite: one writer at a time, in WAL mode. The same contract, without row locks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url

from workflow.store import rows
from workflow.store import sqlite_statements as sql
from workflow.store.columns import instant_text
from workflow.store.document_sizes import data_text, message_text
from workflow.store.keys import range_below
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

_WRITING = "makegood_writing"
_OWNER = 5
"""The place of the subject's id in a row of a due timer."""


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


class SqliteTransaction:
    """One write transaction on SQLite: it holds the database's only write lock."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _read(self, statement: str, *values: Any) -> Sequence[Any]:
        return self.connection.exec_driver_sql(statement, values).fetchall()

    def _write(self, statement: str, values: list[tuple[Any, ...]]) -> None:
        if values:
            self.connection.exec_driver_sql(statement, values)

    def accept(
        self, events: Sequence[NewEvent], now: datetime, *, last: bool = False
    ) -> set[tuple[str, str]]:
        """Add events to the ledger and the inbox; returns (source, event_id) of the new ones."""
        subjects = sorted(events, key=attrgetter("subject"))  # rows in the order of keys, as everywhere
        self._write(
            sql.ADD_SUBJECT,
            [(s.subject, s.lifecycle, s.version, s.parent, s.source, s.event_id) for s in subjects],
        )
        added: set[tuple[str, str]] = set()
        pending: list[tuple[Any, ...]] = []
        received = instant_text(now)
        for one in events:
            found = self._read(
                sql.ADD_EVENT,
                one.source,
                one.event_id,
                one.type,
                received if one.time is None else instant_text(one.time),
                rows.to_json(one.data),
                one.parent,
                received,
                one.effect,
                one.actor,
                one.expected_revision,
                one.request_id,
                one.traceparent,
                one.subject,
            )
            if found:
                added.add((one.source, one.event_id))
                pending.append((*found[0], one.hops))
        self._write(sql.ADD_INBOX, pending)
        return added

    def known_events(self, ids: Sequence[tuple[str, str]]) -> list[KnownEvent]:
        """The events accepted before, by (source, event_id)."""
        return [rows.known_event(row) for one in ids for row in self._read(sql.KNOWN_EVENT, *one)]

    def claim_events(
        self, limit: int, *, from_outside: bool = False, leaving: Collection[Version] = ()
    ) -> Claim:
        """Take up to `limit` undecided events out of the inbox, in order, with their subjects."""
        found = (
            self._from_outside(limit, leaving)
            if from_outside
            else self._claimed(sql.CLAIM_EVENTS, (), limit, leaving)
        )
        self._write("delete from inbox where event_id = ?", [(row[0],) for row in found])
        events = [row[: sql.EVENT_WIDTH] for row in found]
        subjects = {row[1]: row[sql.EVENT_WIDTH :] for row in found}
        full = len(found) >= limit
        return rows.event_claim(events, subjects.values(), self._timers(subjects), full=full)

    def _claimed(
        self, claim: str, values: Sequence[Any], limit: int, leaving: Collection[Version]
    ) -> Sequence[Any]:
        if not leaving:
            return self._read(claim, *values, limit)
        return self._read(sql.leaving(claim), *values, _names(leaving), limit)

    def _from_outside(self, limit: int, leaving: Collection[Version]) -> Sequence[Any]:
        """Of the subjects to which something came from outside, what came up to then; the first so many."""
        if leaving:
            found = self._read(sql.FROM_OUTSIDE_LEAVING, _names(leaving), limit)
        else:
            found = self._read(sql.FROM_OUTSIDE, limit)
        if not found:
            return []
        ids = rows.to_json(sorted({row[1] for row in found}))
        return self._read(sql.CLAIM_EVENTS_OF, ids, found[-1][0], limit)

    def claim_timers(self, now: datetime, limit: int, *, leaving: Collection[Version] = ()) -> Claim:
        """Up to `limit` due timers, the longest due first, with their subjects."""
        at = instant_text(now)
        waiting = self._read(sql.WAITING_LIFECYCLES, at)
        share = 1 + (limit - 1) // max(1, len(waiting))
        found = [
            row for (name,) in waiting for row in self._claimed(sql.CLAIM_TIMERS, (name, at), share, leaving)
        ]
        last = {row[_OWNER]: row[2] for row in sorted(found, key=itemgetter(2))}
        # Such events are rare, and one query finds out that there is none at all.
        before = self._take_before(last) if found and self._read(sql.SOME_EVENT) else []
        dues = [row[0] for row in self._read(sql.NEXT_DUES, at) if row[0] is not None]
        next_due = rows.utc(min(dues, default=None))
        return rows.timer_claim(found, before, self._timers(last), share=share, next_due=next_due)

    def _take_before(self, last: Mapping[int, str]) -> list[Sequence[Any]]:
        """The events that came in by the instant given for their subject, out of the inbox."""
        taken = [row for one, due in last.items() for row in self._read(sql.EVENTS_BEFORE, one, one, due)]
        self._write("delete from inbox where event_id = ?", [(row[0],) for row in taken])
        return sorted(taken, key=itemgetter(0))

    def _timers(self, subject_rows: Collection[int]) -> rows.HeldTimers:
        ids = sorted(subject_rows)
        return rows.held_timers(self._read(sql.TIMERS, rows.to_json(ids)) if ids else ())

    def put_back(self, work: Sequence[Pending]) -> None:
        """Leave claimed work to a later claim."""
        events = [one for one in work if one.event_row is not None]
        self._write(
            sql.PUT_BACK,
            [(one.event_row, one.subject_row, one.hops or None, one.deaths) for one in events],
        )

    def children(self, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(parent key, child key) of all children, by child row."""
        found = self._read(
            "select parent, key from subjects where parent in (select value from json_each(?)) order by id",
            rows.to_json(list(parents)),
        )
        return [(parent, key) for parent, key in found]

    def write(
        self, changes: Changes, now: datetime, dispatch: Dispatch | None = None, *, last: bool = False
    ) -> list[EffectRow]:
        """Write what a batch of decisions changes; the commit is left to the end of the transaction."""
        self._write_decisions(changes, now)
        effects = self._write_effects(changes, now, dispatch)
        self._write(
            sql.RECALL_NOTICES,
            [
                (one.reason, *range_below(one.key), one.subject_row, one.name, len(one.key) + 2, one.seq)
                for one in changes.recalls
            ],
        )
        return effects

    def _write_decisions(self, changes: Changes, now: datetime) -> None:
        at = instant_text(now)
        self._write(
            sql.UPDATE_SUBJECT,
            [
                (
                    s.version,
                    s.state,
                    s.seq,
                    None if row in changes.data_kept else data_text(s.data),
                    s.parent,
                    _text(s.opened_at),
                    _text(s.changed_at),
                    _text(s.changed_at) if row in changes.closed else None,
                    row,
                )
                for row, s in changes.subjects.items()
            ],
        )
        self._write(sql.CANCEL_TIMER, sorted(changes.timers_cancelled))
        self._write(
            sql.SET_TIMER,
            [
                (
                    *place,
                    changes.subjects[place[0]].lifecycle,
                    t.setting,
                    instant_text(t.set_at),
                    _text(t.due_at),
                    rows.budget_of(t),
                    rows.pauses_json(t),
                    changes.timer_hops.get(place),
                )
                for place, t in sorted(changes.timers_set.items(), key=lambda item: item[0])
            ],
        )
        self._write(
            sql.ADD_MOVE,
            [
                (
                    *move[:5],
                    _text(move.due_at),
                    *move[6:12],
                    instant_text(move.at),
                    move.team,
                    move.traceparent,
                )
                for move in changes.moves
            ],
        )
        self._write(
            sql.SET_FIGURES,
            [
                (row, changes.subjects[row].lifecycle, instant_text(one.at), *one[1:])
                for row, one in changes.figures.items()
            ],
        )
        places = changes.places
        self._write(
            sql.SET_PLACE,
            [
                (row, changes.subjects[row].lifecycle, instant_text(at))
                for row, at in places.items()
                if at is not None
            ],
        )
        self._write(sql.LEAVE_LINE, [(row,) for row, at in places.items() if at is None])
        self.write_search(changes)
        self._write(
            sql.BURY_EVENT, [(row, subject, at, error) for row, subject, error in changes.dead_events]
        )
        self._write(
            sql.BURY_TIMER, [(at, error, subject, name) for subject, name, error in changes.dead_timers]
        )

    def write_search(self, changes: Changes) -> None:
        """Write what subjects are found and chosen by, and nothing else."""
        self._write(sql.SET_TERMS, [(row, " ".join(terms)) for row, terms in changes.terms.items()])
        standings = rows.standings(changes)
        self._write(sql.SET_STANDING, [(*one[:6], _text(one.due_at), one.at_risk) for one in standings])
        states = rows.states(changes)
        self._write(
            sql.SET_STATE, [(state, is_open, is_open, is_open, row) for row, state, is_open in states]
        )
        self._write(sql.ADD_VARIANT, rows.variants(changes))

    def _write_effects(self, changes: Changes, now: datetime, dispatch: Dispatch | None) -> list[EffectRow]:
        at = instant_text(now)
        if dispatch is None or not dispatch.takes(changes.effects):
            self._write(
                sql.ADD_EFFECT,
                [
                    (*effect[:6], message_text(effect.payload), "pending", at, None, 0, at)
                    for effect in changes.effects
                ],
            )
            return []
        until = instant_text(now + dispatch.lease)
        ids = {
            effect.key: self._read(
                sql.ADD_EFFECT + " returning id",
                *effect[:6],
                message_text(effect.payload),
                "published",
                until,
                dispatch.token,
                int(effect.kind == "task"),
                at,
            )[0][0]
            for effect in changes.effects
        }
        return rows.dispatched(changes, ids, dispatch.token, now)

    def claim_effects(self, now: datetime, lease_until: datetime, token: str, limit: int) -> list[EffectRow]:
        """Mark up to `limit` due effects as published under `token`, and return them."""
        return rows.effects_of(
            self._read(sql.CLAIM_EFFECTS, token, instant_text(lease_until), instant_text(now), limit)
        )

    def begin_effects(self, ids: Sequence[int], token: str, lease_until: datetime) -> list[EffectRow]:
        """Mark as sending those of these still published under `token`, and return them."""
        return rows.effects_of(
            self._read(sql.BEGIN_EFFECTS, instant_text(lease_until), rows.to_json(list(ids)), token)
        )

    def update_effects(self, updates: Sequence[EffectUpdate]) -> None:
        """Write the next states of effects, except for those that are settled or that others hold by now."""
        self._write(
            sql.UPDATE_EFFECT,
            [
                (
                    u.state,
                    _text(u.due_at),
                    _text(u.settled_at),
                    None if u.receipt is None else rows.to_json(u.receipt),
                    u.error,
                    u.id,
                    u.token,
                    u.token,
                    u.held,
                )
                for u in updates
            ],
        )

    def hold(self, names: Collection[str]) -> None:
        """Nothing is to be done: there is one write transaction at a time."""


def _names(versions: Collection[Version]) -> str:
    return rows.to_json([str(one) for one in versions])


class SqliteStore:
    """A SQLite database file.

    `durable` False trades safety against power loss for speed, for stores that live only as long as
    a replay.
    """

    dialect = "sqlite"
    time = None

    def __init__(self, url: str | URL, *, durable: bool = True) -> None:
        self.engine = create_engine(make_url(url), connect_args={"timeout": 30}, hide_parameters=True)
        synchronous = "FULL" if durable else "OFF"

        @event.listens_for(self.engine, "connect")
        def configure(connection: Any, _: Any) -> None:
            connection.isolation_level = None  # the driver must not begin transactions on its own
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "busy_timeout=30000"):
                connection.execute(f"pragma {pragma}")

        @event.listens_for(self.engine, "begin")
        def begin(connection: Connection) -> None:
            # A transaction that starts by reading can fail when it writes; "immediate" locks at once.
            writing = connection.get_execution_options().get(_WRITING)
            connection.exec_driver_sql("begin immediate" if writing else "begin")

    @contextmanager
    def begin(self) -> Iterator[SqliteTransaction]:
        """A write transaction: committed at the end, rolled back on an exception."""
        with self.engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
            yield SqliteTransaction(connection)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
