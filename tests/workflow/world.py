"""A small world for tests: a real store, the engine, and a clock that the test moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from state_machines.subject import Subject
from tests.servers.migrated_files import migrated
from workflow.clock import VirtualClock
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.engine import Engine
from workflow.engine.ledger import rebuild
from workflow.engine.registry import Registry
from workflow.store import open_store
from workflow.store.port import Store
from workflow.store.schema import metadata, moves, outbox, subjects, timers

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LAMP = """
lifecycle: lamp
version: 1
data:
  level: {type: integer}
triggers:
  press: {data: {level: {type: integer, required: true}}}
  fail: {}
states:
  - {name: 'on', timeout: PT1H, on_timeout: burn_out}
  - {name: 'off'}
  - {name: broken, final: true}
transitions:
  - {trigger: press, source: initial, dest: 'on', set: {level: =event.data.level}}
  - {trigger: press, source: 'on', dest: 'off', conditions: event.data.level == 0}
  - {trigger: press, source: 'off', dest: 'on', set: {level: =event.data.level}}
  - trigger: burn_out
    source: 'on'
    dest: broken
    effects:
      - task: {name: shop.order_bulb, queue: shop, kwargs: {lamp: =subject.key}}
  - {trigger: fail, source: 'on', set: {level: =data.nowhere}}
"""


@dataclass
class World:
    """Engine, store and clock of one test."""

    store: Store
    engine: Engine
    clock: VirtualClock
    posted: int = field(default=0)

    def event(
        self, kind: str, subject: str, data: Mapping[str, Any] | None = None, **changes: Any
    ) -> CloudEvent:
        """An event with the next id."""
        self.posted += 1
        given = {"id": f"e{self.posted}", "source": "/crm", "time": self.clock.now()} | changes
        return CloudEvent(type=kind, subject=subject, data=dict(data or {}), **given)

    def post(
        self, kind: str, subject: str, data: Mapping[str, Any] | None = None, **changes: Any
    ) -> Acceptance:
        """Accept one event and apply all that waits."""
        (answer,) = self.engine.accept([self.event(kind, subject, data, **changes)])
        self.settle()
        return answer

    def settle(self) -> None:
        """Apply until the inbox is empty."""
        while self.engine.apply().decided:
            pass

    def move_to(self, instant: datetime) -> None:
        """Let every timer until `instant` fire at its own instant."""
        while (due := DUE_TIMERS.next_due(self.store)) is not None and due <= instant:
            self.clock.move_to(max(due, self.clock.now()))
            self.engine.fire()
            self.settle()
        self.clock.move_to(instant)

    def advance(self, by: timedelta) -> None:
        """The same, by a duration."""
        self.move_to(self.clock.now() + by)

    def state(self, key: str) -> str | None:
        """A subject's state, None when nobody ever addressed it."""
        with self.store.connect() as connection:
            return connection.execute(select(subjects.c.state).where(subjects.c.key == key)).scalar()

    def data(self, key: str) -> Any:
        """A subject's data."""
        with self.store.connect() as connection:
            return connection.execute(select(subjects.c.data).where(subjects.c.key == key)).scalar_one()

    def moves(self, key: str) -> list[tuple[str, str, str, str]]:
        """(trigger, source, dest, outcome) of all moves of a subject."""
        query = (
            select(moves.c.trigger, moves.c.source, moves.c.dest, moves.c.outcome)
            .join(subjects, subjects.c.id == moves.c.subject_id)
            .where(subjects.c.key == key)
            .order_by(moves.c.seq)
        )
        with self.store.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]  # type: ignore[misc]

    def timers(self, key: str) -> dict[str, datetime | None]:
        """Due instants of a subject's timers."""
        query = select(timers.c.name, timers.c.due_at).join(subjects, subjects.c.id == timers.c.subject_id)
        with self.store.connect() as connection:
            return {name: due for name, due in connection.execute(query.where(subjects.c.key == key))}

    def effects(self) -> list[Any]:
        """All rows of the outbox."""
        with self.store.connect() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.id)))

    def counts(self) -> dict[str, int]:
        """Rows in every table."""
        with self.store.connect() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
            }

    def stored(self, key: str) -> Subject:
        """A subject with its timers, as an event that is about to be decided finds it."""
        self.engine.accept([self.event("lamp.fail" if key.startswith("lamp") else "promise.thanks", key)])
        with self.store.begin() as transaction:
            (subject,) = transaction.claim_events(1).subjects.values()
        return subject

    def rebuilt(self, key: str) -> Subject:
        """The same, from the ledger alone."""
        return rebuild(self.store, self.engine.registry, key)


def new_world(database_url: str, *sources: str) -> World:
    """A migrated store with the catalog and `sources`, at ten o'clock UTC."""
    migrated(database_url)
    store = open_store(database_url)
    registry = Registry(store)
    registry.register([*catalog_sources(), *((source, None) for source in sources)], NOW)
    clock = VirtualClock(NOW)
    return World(store, Engine(store, registry, clock), clock)
