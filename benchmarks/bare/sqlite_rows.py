"""Bare sqlite3 on makegood's own tables: exactly the rows that a move writes, and no decision.

One transaction a batch, `executemany` for each table, WAL and synchronous=FULL: as durable as makegood.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from workflow.store.columns import instant_text

_CLAIM_TIMERS = """
select t.due_at, t.setting, t.name, s.id, s.key, s.state, s.seq from timers t
join subjects s on s.id = t.subject_id
where t.lifecycle = 'meter' and t.due_at <= ? order by t.due_at limit ?"""
_CLAIM_EVENTS = """
select i.event_id, s.id, s.key, s.state, s.seq from inbox i join events e on e.id = i.event_id
join subjects s on s.id = i.subject_id order by i.event_id limit ?"""
_MOVE_SUBJECT = "update subjects set state = ?, seq = ?, changed_at = ? where id = ?"
_ADD_MOVE = """
insert into moves (subject_id, seq, event_id, timer, setting, due_at, trigger, source, dest, outcome, version,
  at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'moved', 1, ?)"""
_SET_TIMER = """
insert into timers (subject_id, name, lifecycle, setting, set_at, due_at) values (?, ?, 'meter', ?, ?, ?)
on conflict (subject_id, name) do update set setting = excluded.setting, set_at = excluded.set_at,
  due_at = excluded.due_at"""
_ADD_EFFECT = """
insert into outbox (subject_id, key, kind, target, queue, payload, priority, state, due_at, attempts,
  created_at)
values (?, ?, 'task', 'bench.note', 'bench', ?, 0, 'pending', ?, 0, ?)"""
_PAYLOAD = '{"args": [], "kwargs": {"posted": 0, "subject": "%s"}, "succeeded": null, "failed": null}'
_OTHER = {"read_lately": "reminded", "reminded": "read_lately"}

Move = tuple[Any, ...]


def connect(path: str) -> sqlite3.Connection:
    """As durable as makegood's own."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=WAL")
    connection.execute("pragma synchronous=FULL")
    return connection


def firing(path: str, batch: int) -> Callable[[], int]:
    """Writes the moves of a batch of due timers at each call."""
    connection = connect(path)

    def fire() -> int:
        connection.execute("begin immediate")
        now = instant_text(datetime.now(UTC))
        claimed = connection.execute(_CLAIM_TIMERS, (now, batch)).fetchall()
        moves = [
            (row, seq + 1, None, name, setting, due, "remind", state, _OTHER[state])
            for due, setting, name, row, _, state, seq in claimed
        ]
        connection.executemany(
            "delete from timers where subject_id = ? and name = ?", [(row[3], row[2]) for row in claimed]
        )
        _write(connection, moves, {row[3]: row[4] for row in claimed})
        connection.execute("commit")
        return len(claimed)

    return fire


def applying(path: str, batch: int) -> Callable[[], int]:
    """Writes the moves of a batch of accepted events at each call."""
    connection = connect(path)

    def apply() -> int:
        connection.execute("begin immediate")
        claimed = connection.execute(_CLAIM_EVENTS, (batch,)).fetchall()
        connection.executemany("delete from inbox where event_id = ?", [row[:1] for row in claimed])
        subjects = {row: (key, state, seq) for _, row, key, state, seq in claimed}
        moves = []
        for event, row, *_ in claimed:
            key, state, seq = subjects[row]
            moves.append((row, seq + 1, event, None, None, None, "read", state, "read_lately"))
            subjects[row] = key, "read_lately", seq + 1
        _write(connection, moves, {row: one[0] for row, one in subjects.items()})
        connection.execute("commit")
        return len(claimed)

    return apply


def _write(connection: sqlite3.Connection, moves: Sequence[Move], keys: dict[int, str]) -> None:
    at = datetime.now(UTC)
    now, due = instant_text(at), instant_text(at + timedelta(days=3))
    last = {move[0]: move for move in moves}
    ids = sorted(last)
    connection.executemany(_MOVE_SUBJECT, [(last[row][8], last[row][1], now, row) for row in ids])
    connection.executemany(_ADD_MOVE, [(*move, now) for move in moves])
    connection.executemany(_SET_TIMER, [(row, last[row][8], last[row][1], now, due) for row in ids])
    connection.executemany(
        _ADD_EFFECT,
        [(move[0], f"{keys[move[0]]}/{move[1]}/0", _PAYLOAD % keys[move[0]], now, now) for move in moves],
    )
