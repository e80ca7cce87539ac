"""A store in which very much has gone wrong: what `/operate` looks at, on either database.

The subjects and their timers are those of `filling` and `sqlite_filling`; what was decided of them, given up,
refused and is not known is put beside them by the server itself.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import psycopg
from sqlalchemy import bindparam, text

from benchmarks import filling, sqlite_filling
from benchmarks.session import Session
from benchmarks.working import settle
from workflow.store import open_store
from workflow.store.columns import Instant
from workflow.store.port import Store

_ERROR = "'{kind}-fault-' || {number} % {causes} || ': ' || subjects.key || ' has no field amount'"
_TASK = _ERROR.format(kind="task", number="id / 10", causes=3)
_EVENT = _ERROR.format(kind="event", number="subjects.id / 100", causes=7)
_TIMER = _ERROR.format(kind="timer", number="id / 200", causes=5)
_LATELY = "id > :many - :many / 15"
"""Since a program is away, all that it is asked for is given up: the newest, behind what has settled."""
_ROWS = (
    """moves (subject_id, seq, trigger, source, dest, outcome, reason, version, at)
    select id, 2, case when id % 3 = 0 then 'read' else 'remind' end, state, state,
      case when id % 170 = 0 then 'refused' else 'moved' end,
      case when id % 170 = 0 then 'guard: ' || key || ' is settled already' end, 1, :now from subjects""",
    f"""outbox (subject_id, key, kind, target, payload, priority, state, attempts, created_at, error)
    select id, key || '/2/0', 'task', 'bench.note_' || id % 4, '{{}}', 1,
      case when {_LATELY} then 'dead' when id % 2000 = 1 then 'unknown' else 'settled' end, 3, :now,
      case when {_LATELY} then {_TASK} end from subjects order by id""",
    """events (source, event_id, subject_id, type, time, data, received_at)
    select '/bench', key, id, 'meter.read', :now, '{"posted": 0}', :now from subjects""",
    f"""inbox (event_id, subject_id, dead_at, error)
    select events.id, subjects.id, :now, {_EVENT} from events join subjects on subjects.id = events.subject_id
    where subjects.id % 100 = 3""",
    f"""timers (subject_id, name, lifecycle, setting, set_at, dead_at, error)
    select id, 'given_up', lifecycle, 1, :now, :now, {_TIMER} from subjects where id % 200 = 7""",
    """dead_messages (queue, received_at, reason, size, digest, body)
    select 'makegood', :now, 'reason-' || id % 3, 3, 'digest', 'abc' from subjects where id % 500 = 11""",
    """standing (subject_id, lifecycle, state, is_open, at_risk)
    select id, lifecycle, state, closed_at is null, false from subjects""",
)


def troubled(session: Session, kind: str, subjects: int) -> str:
    """URL of a database with so many subjects: a fiftieth have a timer that is due, a hundredth an event that
    was given up, a fifteenth an effect."""
    due = subjects // 50
    with session.step(f"{kind}: {subjects:,} subjects, and what has gone wrong"):
        if kind == "sqlite":
            whole = sqlite_filling.filled(session, pending=subjects - due, due=due, events=0)
            copy = session.place("sqlite") / "makegood.db"
            shutil.copy(whole, copy)
            url = f"sqlite:///{copy}"
        else:
            wanted = filling.Filling(due=due, pending=subjects - due)
            url = session.server.url(session.database(filling.filled(session, wanted)))
        store = open_store(url, patient=True)
        _go_wrong(store, subjects)
        store.close()
        if kind == "postgresql":
            with psycopg.connect(session.conninfo(url.rpartition("/")[2]), autocommit=True) as connection:
                settle(connection)
    return url


def _go_wrong(store: Store, subjects: int) -> None:
    named = {"now": bindparam("now", datetime.now(UTC), type_=Instant()), "many": bindparam("many", subjects)}
    with store.begin() as transaction:
        for rows in _ROWS:
            used = [one for name, one in named.items() if f":{name}" in rows]
            transaction.connection.execute(text(f"insert into {rows}").bindparams(*used))
        if store.dialect == "sqlite":
            transaction.connection.exec_driver_sql("analyze")
