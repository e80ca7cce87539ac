"""SQLite: one writer at a time, WAL, a batch a transaction. The same contract without locks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url

from state_machines.subject import Timer
from workflow.store import rows
from workflow.store.columns import instant_text
from workflow.store.port import Changes, Claim, EffectRow, EffectUpdate, FirstOutcome, NewEvent

_WRITING = "makegood_writing"

_ADD_SUBJECT = """insert into subjects (key, lifecycle, version, parent, state, seq, data)
values (?, ?, ?, ?, 'initial', 0, '{}')
on conflict (key) do nothing"""
_ADD_EVENT = """insert into events (source, event_id, subject_id, type, time, data, parent, received_at)
values (?, ?, (select id from subjects where key = ?), ?, ?, ?, ?, ?)
on conflict (source, event_id) do nothing returning id, subject_id"""
_ADD_INBOX = "insert into inbox (event_id, subject_id) values (?, ?)"
_FIRST = """select e.source, e.event_id, s.key,
  coalesce(m.outcome, case when i.dead_at is not null then 'dead' else 'pending' end), coalesce(m.reason, i.error)
from events e join subjects s on s.id = e.subject_id left join moves m on m.event_id = e.id
left join inbox i on i.event_id = e.id where e.source = ? and e.event_id = ?"""
_CLAIM_EVENTS = f"""select e.id, e.event_id, e.source, e.type, e.time, e.data, e.parent, {rows.SUBJECT_COLUMNS}
from inbox i join events e on e.id = i.event_id join subjects s on s.id = i.subject_id
where i.dead_at is null order by i.event_id limit ?"""
_CLAIM_TIMERS = f"""select t.name, t.setting, t.due_at, {rows.SUBJECT_COLUMNS}
from timers t join subjects s on s.id = t.subject_id where t.due_at <= ? order by t.due_at, t.subject_id, t.name limit ?"""
_TIMERS = """select subject_id, name, setting, set_at, due_at, budget, pauses from timers
where subject_id in (select value from json_each(?)) and dead_at is null order by subject_id, name"""
_UPDATE_SUBJECT = """update subjects set version = ?, state = ?, seq = ?, data = ?, parent = ?, opened_at = ?, changed_at = ?
where id = ?"""
_ADD_MOVE = """insert into moves
(subject_id, seq, event_id, timer, setting, due_at, trigger, source, dest, outcome, reason, version, at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_CANCEL_TIMER = "delete from timers where subject_id = ? and name = ?"
_SET_TIMER = """insert into timers (subject_id, name, setting, set_at, due_at, budget, pauses) values (?, ?, ?, ?, ?, ?, ?)
on conflict (subject_id, name) do update set setting = excluded.setting, set_at = excluded.set_at, due_at = excluded.due_at,
  budget = excluded.budget, pauses = excluded.pauses, dead_at = null, error = null"""
_ADD_EFFECT = """insert into outbox (subject_id, key, kind, target, queue, payload, state, due_at, attempts, created_at)
values (?, ?, ?, ?, ?, ?, 'pending', ?, 0, ?)"""
_BURY_EVENT = """insert into inbox (event_id, subject_id, dead_at, error) values (?, ?, ?, ?)
on conflict (event_id) do update set dead_at = excluded.dead_at, error = excluded.error"""
_BURY_TIMER = "update timers set due_at = null, dead_at = ?, error = ? where subject_id = ? and name = ?"

_EFFECT_COLUMNS = """id, (select s.key from subjects s where s.id = outbox.subject_id), key, kind, target, queue, payload,
  attempts, token, created_at"""
_CLAIM_EFFECTS = f"""update outbox set state = 'published', token = ?, due_at = ?, attempts = attempts + 1
where id in (select id from outbox where due_at <= ? and state in ('pending', 'published') order by due_at limit ?)
returning {_EFFECT_COLUMNS}"""
_BEGIN_EFFECTS = f"""update outbox set state = 'sending', due_at = ?
where id in (select value from json_each(?)) and token = ? and state = 'published' returning {_EFFECT_COLUMNS}"""
_UPDATE_EFFECT = (
    "update outbox set state = ?, due_at = ?, settled_at = ?, receipt = ?, error = ? where id = ?"
)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


class SqliteTransaction:
    """One write transaction on SQLite: it holds the only write lock there is."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _read(self, statement: str, *values: Any) -> Sequence[Any]:
        return self.connection.exec_driver_sql(statement, values).fetchall()

    def _write(self, statement: str, values: list[tuple[Any, ...]]) -> None:
        if values:
            self.connection.exec_driver_sql(statement, values)

    def accept(self, events: Sequence[NewEvent], now: datetime) -> set[tuple[str, str]]:
        """Add events to the ledger and the inbox; returns (source, event_id) of the new ones."""
        subjects = {
            one.subject: (one.subject, one.lifecycle, one.version, one.parent) for one in reversed(events)
        }
        self._write(_ADD_SUBJECT, list(subjects.values()))
        added: set[tuple[str, str]] = set()
        pending: list[tuple[Any, ...]] = []
        received = instant_text(now)
        for one in events:
            found = self._read(
                _ADD_EVENT,
                one.source,
                one.event_id,
                one.subject,
                one.type,
                instant_text(one.time),
                rows.to_json(one.data),
                one.parent,
                received,
            )
            if found:
                added.add((one.source, one.event_id))
                pending.append(tuple(found[0]))
        self._write(_ADD_INBOX, pending)
        return added

    def first_outcomes(self, ids: Sequence[tuple[str, str]]) -> list[FirstOutcome]:
        """What became of events accepted before, by (source, event_id)."""
        return [FirstOutcome(*row) for one in ids for row in self._read(_FIRST, *one)]

    def claim_events(self, limit: int) -> Claim:
        """Take up to `limit` undecided events out of the inbox, in order, with their subjects."""
        found = self._read(_CLAIM_EVENTS, limit)
        self._write("delete from inbox where event_id = ?", [(row[0],) for row in found])
        return rows.event_claim(found, {row[0] for row in found}, self._timers({row[7] for row in found}))

    def claim_timers(self, now: datetime, limit: int) -> Claim:
        """Up to `limit` due timers, the longest due first, with their subjects."""
        found = self._read(_CLAIM_TIMERS, instant_text(now), limit)
        return rows.timer_claim(found, self._timers({row[3] for row in found}))

    def _timers(self, subject_rows: set[int]) -> dict[int, dict[str, Timer]]:
        timers: dict[int, dict[str, Timer]] = {}
        for row in self._read(_TIMERS, rows.to_json(sorted(subject_rows))) if subject_rows else ():
            timers.setdefault(row[0], {})[row[1]] = rows.timer_of(row[1:])
        return timers

    def children(self, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(parent key, child key) of all children, by child row."""
        found = self._read(
            "select parent, key from subjects where parent in (select value from json_each(?)) order by id",
            rows.to_json(list(parents)),
        )
        return [(parent, key) for parent, key in found]

    def write(self, changes: Changes, now: datetime) -> None:
        """Write what a batch of decisions changes."""
        at = instant_text(now)
        self._write(
            _UPDATE_SUBJECT,
            [
                (
                    s.version,
                    s.state,
                    s.seq,
                    rows.to_json(s.data),
                    s.parent,
                    _text(s.opened_at),
                    _text(s.changed_at),
                    row,
                )
                for row, s in changes.subjects.items()
            ],
        )
        self._write(_CANCEL_TIMER, sorted(changes.timers_cancelled))
        self._write(
            _SET_TIMER,
            [
                (
                    *place,
                    t.setting,
                    instant_text(t.set_at),
                    _text(t.due_at),
                    rows.budget_of(t),
                    rows.pauses_json(t),
                )
                for place, t in sorted(changes.timers_set.items(), key=lambda item: item[0])
            ],
        )
        self._write(
            _ADD_MOVE,
            [(*move[:5], _text(move.due_at), *move[6:12], instant_text(move.at)) for move in changes.moves],
        )
        self._write(
            _ADD_EFFECT, [(*effect[:5], rows.to_json(effect.payload), at, at) for effect in changes.effects]
        )
        self._write(_BURY_EVENT, [(row, subject, at, error) for row, subject, error in changes.dead_events])
        self._write(_BURY_TIMER, [(at, error, subject, name) for subject, name, error in changes.dead_timers])

    def claim_effects(self, now: datetime, lease_until: datetime, token: str, limit: int) -> list[EffectRow]:
        """Mark up to `limit` due effects as published under `token`, and give them back."""
        return _effects(
            self._read(_CLAIM_EFFECTS, token, instant_text(lease_until), instant_text(now), limit)
        )

    def begin_effects(self, ids: Sequence[int], token: str, lease_until: datetime) -> list[EffectRow]:
        """Of these, mark as sending those still published under `token`, and give them back."""
        return _effects(self._read(_BEGIN_EFFECTS, instant_text(lease_until), rows.to_json(list(ids)), token))

    def update_effects(self, updates: Sequence[EffectUpdate]) -> None:
        """Write how effects go on."""
        self._write(
            _UPDATE_EFFECT,
            [
                (
                    u.state,
                    _text(u.due_at),
                    _text(u.settled_at),
                    None if u.receipt is None else rows.to_json(u.receipt),
                    u.error,
                    u.id,
                )
                for u in updates
            ],
        )


def _effects(found: Sequence[Any]) -> list[EffectRow]:
    effects = [EffectRow(*row[:6], rows.from_json(row[6]), *row[7:9], rows.instant(row[9])) for row in found]
    return sorted(effects, key=lambda effect: effect.id)


class SqliteStore:
    """A SQLite database file.

    `durable` False trades safety against power loss for speed, for stores that live only as long as
    a replay.
    """

    dialect = "sqlite"

    def __init__(self, url: str | URL, *, durable: bool = True) -> None:
        self.engine = create_engine(make_url(url), connect_args={"timeout": 30})
        synchronous = "FULL" if durable else "OFF"

        @event.listens_for(self.engine, "connect")
        def configure(connection: Any, _: Any) -> None:
            connection.isolation_level = None  # the driver must not begin transactions on its own
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "busy_timeout=30000"):
                connection.execute(f"pragma {pragma}")

        @event.listens_for(self.engine, "begin")
        def begin(connection: Connection) -> None:
            # A reader that turns writer can fail half way; a writer says so at once.
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
