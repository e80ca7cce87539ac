"""Bare psycopg on makegood's own tables: exactly the rows that a move writes, and no decision.

Its claims lock subjects, as makegood's do, and it writes them, the ledger, the timers and the outbox on
arrays in one pipeline. What makegood takes longer than this is what deciding costs, and what it does worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

_SUBJECT = "s.id, s.key, s.state, s.seq"
_CLAIM_TIMERS = f"""
select t.due_at, t.setting, t.name, {_SUBJECT} from timers t join subjects s on s.id = t.subject_id
where t.lifecycle = 'meter' and t.due_at <= now() order by t.due_at limit %s for update of s skip locked"""
_CLAIM_EVENTS = f"""
select i.event_id, {_SUBJECT} from inbox i join subjects s on s.id = i.subject_id
where i.dead_at is null order by i.event_id limit %s for update of s skip locked"""
_TAKE_EVENTS = """
with taken as (delete from inbox where event_id <= %s and subject_id = any(%s) returning event_id)
select e.id, e.subject_id, e.data from taken join events e on e.id = taken.event_id order by e.id"""

_MOVE_SUBJECTS = """
update subjects s set state = u.state, seq = u.seq, changed_at = %b
from unnest(%b::bigint[], %b::text[], %b::int[]) as u(id, state, seq) where s.id = u.id"""
_ADD_MOVES = """
insert into moves (subject_id, seq, event_id, timer, setting, due_at, trigger, source, dest, outcome,
  version, at)
select *, 'moved', 1, %b from unnest(%b::bigint[], %b::int[], %b::bigint[], %b::text[], %b::int[],
  %b::timestamptz[], %b::text[], %b::text[], %b::text[])"""
_CANCEL_TIMERS = """
delete from timers t using unnest(%b::bigint[], %b::text[]) as u(id, name)
where t.subject_id = u.id and t.name = u.name"""
_SET_TIMERS = """
insert into timers (subject_id, name, lifecycle, setting, set_at, due_at)
select id, name, 'meter', setting, %b, %b from unnest(%b::bigint[], %b::text[], %b::int[])
  as u(id, name, setting)
on conflict (subject_id, name) do update set setting = excluded.setting, set_at = excluded.set_at,
  due_at = excluded.due_at"""
_ADD_EFFECTS = """
insert into outbox (subject_id, key, kind, target, queue, payload, priority, state, due_at, attempts,
  created_at)
select id, key, 'task', 'bench.note', 'bench', payload::jsonb, 0, 'pending', now(), 0, now()
from unnest(%b::bigint[], %b::text[], %b::text[]) as u(id, key, payload)"""
_PAYLOAD = '{"args": [], "kwargs": {"posted": 0, "subject": "%s"}, "succeeded": null, "failed": null}'
_DUE_IN = timedelta(days=3)
_OTHER = {"read_lately": "reminded", "reminded": "read_lately"}

Move = tuple[Any, ...]
"""(subject, seq, event, timer, setting, due, trigger, source, dest) of one row of the ledger."""


def firing(conninfo: str, batch: int, worker: int) -> Callable[[], int]:
    """Writes the moves of a batch of due timers at each call."""
    return firing_on(psycopg.connect(conninfo), batch)


def firing_on(connection: psycopg.Connection, batch: int) -> Callable[[], int]:
    """The same on a connection that is the caller's to close."""

    def fire() -> int:
        with connection.transaction():
            claimed = connection.execute(_CLAIM_TIMERS, (batch,)).fetchall()
            moves = [
                (row, seq + 1, None, name, setting, due, "remind", state, _OTHER[state])
                for due, setting, name, row, key, state, seq in claimed
            ]
            keys = {row[3]: row[4] for row in claimed}
            with connection.pipeline():
                connection.execute(_CANCEL_TIMERS, ([row[3] for row in claimed], [row[2] for row in claimed]))
                _write(connection, moves, keys)
        return len(claimed)

    return fire


def applying(conninfo: str, batch: int, worker: int) -> Callable[[], int]:
    """Writes the moves of a batch of accepted events at each call."""
    connection = psycopg.connect(conninfo)

    def apply() -> int:
        with connection.transaction():
            claimed = connection.execute(_CLAIM_EVENTS, (batch,)).fetchall()
            if not claimed:
                return 0
            subjects = {row: (key, state, seq) for _, row, key, state, seq in claimed}
            taken = connection.execute(_TAKE_EVENTS, (claimed[-1][0], sorted(subjects))).fetchall()
            moves = []
            for event, row, _ in taken:
                key, state, seq = subjects[row]
                moves.append((row, seq + 1, event, None, None, None, "read", state, "read_lately"))
                subjects[row] = key, "read_lately", seq + 1
            with connection.pipeline():
                _write(connection, moves, {row: one[0] for row, one in subjects.items()})
        return len(taken)

    return apply


def _write(connection: psycopg.Connection, moves: Sequence[Move], keys: dict[int, str]) -> None:
    if not moves:
        return
    now = datetime.now(UTC)
    last = {move[0]: move for move in moves}  # of several moves of a subject the last one leaves its state
    ids = sorted(last)
    states, seqs = [last[row][8] for row in ids], [last[row][1] for row in ids]
    connection.execute(_MOVE_SUBJECTS, (now, ids, states, seqs))
    connection.execute(_ADD_MOVES, (now, *map(list, zip(*moves, strict=True))))
    connection.execute(_SET_TIMERS, (now, now + _DUE_IN, ids, states, seqs))
    connection.execute(
        _ADD_EFFECTS,
        (
            [move[0] for move in moves],
            [f"{keys[move[0]]}/{move[1]}/0" for move in moves],
            [_PAYLOAD % keys[move[0]] for move in moves],
        ),
    )
