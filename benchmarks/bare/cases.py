"""The least that could do the work: cases, timers and an outbox by hand, a dict that decides, batches.

It keeps no ledger and knows no definitions. A timer is claimed by deleting its row, its case is locked and
moved, an outbox row is added: one transaction a batch, every statement on arrays.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import psycopg

_BODY = '{"amount": 1250, "currency": "EUR", "source": "billing", "note": "' + 60 * "x" + '"}'
_NEXT = {
    ("open", "late"): "reminded",
    ("reminded", "late"): "open",
    ("paid", "late"): "reminded",
    ("open", "paid"): "paid",
    ("reminded", "paid"): "paid",
    ("paid", "paid"): "open",
}
_REPEATED = 0.02
"""Share of events that come a second time."""

_TABLES = """
create table cases (id bigint primary key, state text not null, version int not null, data jsonb not null);
create table events (id bigint generated always as identity primary key, key text not null unique,
  case_id bigint not null, kind text not null, payload jsonb not null,
  received_at timestamptz not null default now());
create table timers (id bigint generated always as identity primary key, case_id bigint not null,
  due_at timestamptz not null, kind text not null, payload jsonb not null,
  status text not null default 'pending');
create table outbox (id bigint generated always as identity primary key, case_id bigint not null,
  kind text not null, payload jsonb not null, created_at timestamptz not null default now())"""
_FILL_TIMERS = """
insert into timers (case_id, due_at, kind, payload)
select 1 + (n * 7919::bigint) %% %(cases)s, now() + %(first)s::interval + n * %(step)s::interval, 'late',
  %(body)s::jsonb
from generate_series(1, %(count)s) n"""

_CLAIM = """
with due as (select id from timers where due_at <= now() order by due_at limit %s for update skip locked)
delete from timers t using due where t.id = due.id returning t.case_id, t.kind"""
_LOCK = "select id, state, version from cases where id = any(%s) order by id for update"
_MOVE = """
update cases c set state = u.state, version = u.version
from unnest(%s::bigint[], %s::text[], %s::int[]) as u(id, state, version) where c.id = u.id"""
_ASK = (
    "insert into outbox (case_id, kind, payload) select * from unnest(%s::bigint[], %s::text[], %s::jsonb[])"
)
_TAKE = """
insert into events (key, case_id, kind, payload)
select * from unnest(%s::text[], %s::bigint[], %s::text[], %s::jsonb[]) as u(key, case_id, kind, payload)
order by key on conflict (key) do nothing returning case_id, kind"""
_SET = """
insert into timers (case_id, due_at, kind, payload)
select * from unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::jsonb[])"""


def fill(conninfo: str, cases: int, due: int, future: int) -> None:
    """Make the tables in an empty database, and their rows."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(_TABLES)
        connection.execute(
            "insert into cases select n, 'open', 0, '{}' from generate_series(1, %s) n", (cases,)
        )
        for count, first, step in ((due, "-1 hour", "1 ms"), (future, "1 day", "1 s")):
            connection.execute(
                _FILL_TIMERS,
                {"cases": cases, "first": first, "step": step, "body": _BODY, "count": count},
            )
        connection.execute("create index timers_due on timers (due_at)")
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def firing(conninfo: str, batch: int, worker: int) -> Callable[[], int]:
    """Fires a batch of due timers at each call."""
    connection = psycopg.connect(conninfo)

    def fire() -> int:
        with connection.transaction():
            claimed = connection.execute(_CLAIM, (batch,)).fetchall()
            if claimed:
                _move(connection, claimed)
        return len(claimed)

    return fire


def applying(conninfo: str, batch: int, cases: int, worker: int) -> Callable[[], int]:
    """Takes a batch of new events at each call, a few of them repeated, and applies them."""
    connection = psycopg.connect(conninfo)
    rng = random.Random(worker)
    due = datetime.now(UTC) + timedelta(days=3)
    sent = 0

    def apply() -> int:
        nonlocal sent
        numbers = [
            rng.randrange(n) if n > 100 and rng.random() < _REPEATED else n for n in range(sent, sent + batch)
        ]
        sent += batch
        keys = [f"{worker}-{number}" for number in numbers]
        about = [rng.randrange(1, cases + 1) for _ in numbers]
        with connection.transaction():
            new = connection.execute(_TAKE, (keys, about, ["paid"] * batch, [_BODY] * batch)).fetchall()
            moved = _move(connection, new)
            count = len(moved)
            connection.execute(_SET, (moved, [due] * count, ["late"] * count, [_BODY] * count))
        return len(new)

    return apply


def _move(connection: psycopg.Connection, work: Iterable[tuple[int, str]]) -> list[int]:
    """Lock the cases, decide each piece of work, write them and an outbox row for each; the cases' ids."""
    work = list(work)
    found = {
        row: (state, version)
        for row, state, version in connection.execute(_LOCK, (sorted({one[0] for one in work}),))
    }
    asked: list[str] = []
    for case, kind in work:
        state, version = found[case]
        found[case] = _NEXT[state, kind], version + 1
        asked.append(found[case][0])
    ids = list(found)
    connection.execute(_MOVE, (ids, [one[0] for one in found.values()], [one[1] for one in found.values()]))
    connection.execute(_ASK, ([one[0] for one in work], asked, [_BODY] * len(asked)))
    return ids
