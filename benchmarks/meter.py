"""The lifecycle that is measured: each move sets the next timer and asks for one task.

So every event and every fired timer costs all that a real one costs: claim, decision, ledger, state,
timer, outbox.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from workflow.clock import SystemClock
from workflow.cloudevent import CloudEvent
from workflow.engine import Engine
from workflow.registry import Registry
from workflow.store.columns import instant_text
from workflow.store.port import Store

METER = """
lifecycle: meter
version: 1
data:
  posted: {type: number}
triggers:
  read: {data: {posted: {type: number}}}
states:
  - {name: read_lately, timeout: P3D, on_timeout: remind}
  - {name: reminded, timeout: P3D, on_timeout: remind}
  - {name: closed, final: true}
transitions:
  - trigger: read
    source: [initial, read_lately, reminded]
    dest: read_lately
    effects: &ask
      - task:
          name: bench.note
          queue: bench
          kwargs: {subject: =subject.key, posted: "=event.data.?posted.orValue(0)"}
  - {trigger: remind, source: read_lately, dest: reminded, effects: *ask}
  - {trigger: remind, source: reminded, dest: read_lately, effects: *ask}
  - {trigger: close, source: [read_lately, reminded], dest: closed}
"""


def engine_on(store: Store) -> Engine:
    """An engine that knows the meter and nothing else."""
    registry = Registry(store)
    registry.register([(METER, None)], datetime.now(UTC))
    return Engine(store, registry, SystemClock())


def reading(number: int, subject: int, run: str = "", posted: float = 0) -> CloudEvent:
    """The event of one reading."""
    now = datetime.now(UTC)
    return CloudEvent(f"{run}{number}", "/bench", "meter.read", f"meter:{subject}", now, {"posted": posted})


def fill(store: Store, pending: int, due: int) -> None:
    """Subjects with a timer far ahead, and with one that is due: rows as the engine writes them."""
    now = datetime.now(UTC)
    for first, count, when in (
        (0, pending, now + timedelta(days=3)),
        (pending, due, now - timedelta(hours=1)),
    ):
        if count:
            _fill(store, first, count, when, now)
    if store.dialect == "postgresql":
        with store.engine.connect() as connection:
            analyse = connection.execution_options(isolation_level="AUTOCOMMIT")
            analyse.exec_driver_sql("vacuum analyze subjects, timers")
            analyse.exec_driver_sql("checkpoint")


def _fill(store: Store, first: int, count: int, due_at: datetime, now: datetime) -> None:
    numbers = (
        f"generate_series({first + 1}, {first + count}) as n"
        if store.dialect == "postgresql"
        else f"(with recursive c(n) as (select {first + 1} union all"
        f" select n + 1 from c where n < {first + count}) select n from c)"
    )
    instants = _instants(store, [due_at, now])
    with store.begin() as transaction:
        transaction.connection.execute(
            text(
                "insert into subjects (key, lifecycle, version, state, seq, data, opened_at, changed_at) "
                f"select 'meter:p' || n, 'meter', 1, 'read_lately', 1, '{{}}', :now, :now from {numbers}"
            ),
            {"now": instants[1]},
        )
        transaction.connection.execute(
            text(
                "insert into timers (subject_id, name, lifecycle, setting, set_at, due_at)"
                " select id, 'read_lately', 'meter', 1, :now, :due from subjects where id > :first order by id"
            ),
            {"now": instants[1], "due": instants[0], "first": first},
        )


def _instants(store: Store, instants: Sequence[datetime]) -> list[datetime | str]:
    return list(instants) if store.dialect == "postgresql" else [instant_text(one) for one in instants]
