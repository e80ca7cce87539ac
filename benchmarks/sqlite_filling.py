"""SQLite files with many subjects, timers and waiting events, filled by SQLite itself; runs get copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.meter import METER
from benchmarks.session import Session
from workflow.engine.registry import Registry
from workflow.store import open_store
from workflow.store.columns import instant_text
from workflow.store.port import Store, Transaction

_SCATTER = 7919


def filled(session: Session, *, pending: int, due: int, events: int) -> Path:
    """A file with so many subjects of each kind; made when it is first asked for, and never to be changed."""
    name = f"SQLite with {pending} pending, {due} due, {events} events"
    if name not in session.kept:
        with session.step(f"filling a {name}"):
            url = session.migrated("sqlite")
            store = open_store(url)
            Registry(store).register([(METER, None)], datetime.now(UTC))
            _fill(store, pending, due, events)
            store.close()  # whoever closes last leaves one whole file
            session.kept[name] = Path(url.removeprefix("sqlite:///"))
    found: Path = session.kept[name]
    return found


def _fill(store: Store, pending: int, due: int, events: int) -> None:
    now = datetime.now(UTC)
    instants: dict[str, str | int] = {
        "now": instant_text(now),
        "due": instant_text(now - timedelta(hours=1)),
        "later": instant_text(now + timedelta(days=3)),
        "pending": pending,
        "scatter": _SCATTER,
    }
    with store.begin() as transaction:
        _insert(
            transaction, pending + due, instants,
            "subjects (id, key, lifecycle, version, state, seq, data, opened_at, changed_at)",
            "n, 'meter:p' || n, 'meter', 1, 'read_lately', 1, '{}', :now, :now",
        )  # fmt: skip
        _insert(
            transaction, pending + due, instants,
            "timers (subject_id, name, lifecycle, setting, set_at, due_at)",
            "n, 'read_lately', 'meter', 1, :now, case when n <= :pending then :later else :due end",
        )  # fmt: skip
        _insert(
            transaction, events, instants,
            "events (id, source, event_id, subject_id, type, time, data, received_at)",
            "n, '/bench', 'filled-' || n, 1 + (n * :scatter) % :pending, 'meter.read', :now,"
            " '{\"posted\": 0}', :now",
        )  # fmt: skip
        _insert(
            transaction, events, instants,
            "inbox (event_id, subject_id)", "n, 1 + (n * :scatter) % :pending",
        )  # fmt: skip
        transaction.connection.exec_driver_sql("analyze")


def _insert(
    transaction: Transaction, count: int, instants: dict[str, str | int], table: str, values: str
) -> None:
    numbers = "with recursive c(n) as (select 1 union all select n + 1 from c where n < :count)"
    named = {name: value for name, value in instants.items() if f":{name}" in values}
    if count:
        transaction.connection.execute(
            text(f"insert into {table} {numbers} select {values} from c"), named | {"count": count}
        )
