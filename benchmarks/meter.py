"""The lifecycle that is measured: each move sets the next timer and asks for one task.

So every event and every fired timer costs all that a real one costs: claim, decision, ledger, state,
timer, outbox.
"""

from datetime import UTC, datetime

from workflow.clock import SystemClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
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
    effects:
      - task:
          name: bench.note
          queue: bench
          kwargs: {subject: =subject.key, posted: "=event.data.?posted.orValue(0)"}
  - trigger: remind
    source: read_lately
    dest: reminded
    effects: &ask
      - task:
          name: bench.note
          queue: bench
          kwargs: {subject: =subject.key, posted: "=data.?posted.orValue(0)"}
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
