"""Bare psycopg that accepts: exactly the rows of accepted events, in batches, and nothing is checked.

The ledger's row and the inbox's, on arrays, one transaction a batch; subjects are there already.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from benchmarks.http_load import SUBJECTS

_BATCH = """
with added as (
  insert into events (source, event_id, subject_id, type, time, data, received_at)
  select '/bench', u.event_id, u.subject_id, 'meter.read', u.time, u.data::jsonb, %b
  from unnest(%b::text[], %b::bigint[], %b::timestamptz[], %b::text[]) as u(event_id, subject_id, time, data)
  returning id, subject_id)
insert into inbox (event_id, subject_id) select id, subject_id from added"""
_ONE = """
insert into events (source, event_id, subject_id, type, time, data, received_at)
values ('/bench', %b, %b, 'meter.read', %b, %b::jsonb, %b)"""
_TIME = datetime(2026, 7, 1, 9, tzinfo=UTC)


def accepting(conninfo: str, batch: int, worker: int) -> Callable[[], int]:
    """Writes a batch at each call."""
    connection = psycopg.connect(conninfo)
    run, sent = secrets.token_hex(4), 0

    def accept() -> int:
        nonlocal sent
        numbers = range(sent, sent + batch)
        sent += batch
        with connection.transaction():
            connection.execute(
                _BATCH,
                (
                    datetime.now(UTC),
                    [f"{run}-{number}" for number in numbers],
                    [1 + number * 7919 % SUBJECTS for number in numbers],
                    [_TIME] * batch,
                    ['{"posted": %d}' % number for number in numbers],  # noqa: UP031 - braces are JSON's
                ),
            )
        return batch

    return accept


def inserting(connection: psycopg.Connection) -> Callable[[], None]:
    """Writes the ledger's row of one event at each call, with a commit of its own."""
    run, sent = secrets.token_hex(4), 0

    def insert() -> None:
        nonlocal sent
        sent += 1
        row = (f"{run}-{sent}", sent % SUBJECTS, _TIME, '{"posted": 1}', datetime.now(UTC))
        connection.execute(_ONE, row)

    return insert
