"""One makegood for a test: its settings, an engine outside the workers, and questions to its store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Row, select

from state_machines.values.instants import format_instant
from tests.processes.workers import Workers
from tests.servers import BrokerServer
from tests.servers.migrated_files import migrated
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.role import Role
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.queries.dead_letters import first_dead_letters
from workflow.recovery.contact.recording import recorded, recording_file
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.store.schema import moves, outbox, subjects

CUSTOMER = {"email": "customer@example.com"}
"""Is told of a lapse, however late the promise was made; a warning before it may be left out by then."""
_MINUTE = 60.0
"""Real seconds: longer than anything here takes on a machine that has much else to do."""


class Installation:
    """Migrated and ready for workers. Use as a context; at the end every process is gone."""

    def __init__(self, directory: Path, server: BrokerServer, database_url: str) -> None:
        self.directory = directory
        self.server = server
        self.settings = Settings(
            database_url=database_url,
            broker_url=server.url,
            data_dir=directory / "data",
            sweep_seconds=1.0,
            lease_seconds=10.0,
            worker_concurrency=2,
        )
        migrated(self.settings.database)
        self._runtime: Runtime | None = None
        self._broker: Broker | None = None
        self._workers: Workers | None = None

    def configure(self, **changes: Any) -> None:
        """Change settings, before anything was started."""
        assert self._runtime is None and self._workers is None
        self.settings = Settings(**{**self.settings.model_dump(), **changes})

    @property
    def runtime(self) -> Runtime:
        """Our own, in this process."""
        if self._runtime is None:
            self._runtime = open_runtime(self.settings)
        return self._runtime

    def key(self, role: Role = Role.SYSTEM, **more: Any) -> str:
        """A new API key."""
        return keys.create(self.runtime.store, role, role.value, self.runtime.clock.now(), **more)

    @property
    def broker(self) -> Broker:
        """Our own client."""
        if self._broker is None:
            self._broker = Broker(celery_app(self.settings))
        return self._broker

    @property
    def workers(self) -> Workers:
        """Where workers are started."""
        if self._workers is None:
            self._workers = Workers(self.settings, self.directory)
        return self._workers

    def event(self, kind: str, subject: str, data: dict[str, Any], number: int = 0) -> CloudEvent:
        """An event of now."""
        return CloudEvent(
            f"{subject}/{kind}/{number}", "/test", kind, subject, self.runtime.clock.now(), data
        )

    def promise(self, identity: str, due_in: float, **data: Any) -> CloudEvent:
        """An event that makes a promise, due in so many seconds."""
        due_at = format_instant(self.runtime.clock.now() + timedelta(seconds=due_in))
        said = {"words": "We call you back", "owner": "sam@example.com", "due_at": due_at}
        return self.event("promise.make", f"promise:{identity}", said | data)

    def send(self, *events: CloudEvent) -> None:
        """As the front door does: accept, then wake somebody."""
        self.runtime.engine.accept(events)
        self.broker.wake_apply([event.subject for event in events])

    def state(self, key: str) -> str | None:
        """A subject's state, None while there is no such subject."""
        with self.runtime.store.connect() as connection:
            return connection.execute(select(subjects.c.state).where(subjects.c.key == key)).scalar()

    def data(self, key: str) -> dict[str, Any]:
        """A subject's data."""
        with self.runtime.store.connect() as connection:
            found: dict[str, Any] = connection.execute(
                select(subjects.c.data).where(subjects.c.key == key)
            ).scalar_one()
            return found

    def moves(self, trigger: str) -> Sequence[Row[Any]]:
        """All decisions about a trigger: key, outcome, due_at, at, dest."""
        query = (
            select(subjects.c.key, moves.c.outcome, moves.c.due_at, moves.c.at, moves.c.dest)
            .join(subjects, subjects.c.id == moves.c.subject_id)
            .where(moves.c.trigger == trigger)
        )
        with self.runtime.store.connect() as connection:
            return connection.execute(query).all()

    def effects(self) -> Sequence[Row[Any]]:
        """All effects: key, kind, target, state, attempts, receipt, error."""
        columns = (outbox.c.key, outbox.c.kind, outbox.c.target, outbox.c.state, outbox.c.attempts)
        with self.runtime.store.connect() as connection:
            return connection.execute(select(*columns, outbox.c.receipt, outbox.c.error)).all()

    def dead_letters(self) -> list[tuple[str, str, str]]:
        """What nobody tries any more: of what kind, which, and why."""
        found = first_dead_letters(self.runtime.store)
        return [
            *(("event", f"{one.type} of {one.subject}", one.error or "") for one in found.events),
            *(("timer", f"{one.name} of {one.subject}", one.error or "") for one in found.timers),
            *(("message", one.queue, one.reason) for one in found.messages),
            *(("effect", one.key, one.error or "") for one in self.effects() if one.state == "dead"),
        ]

    def notices(self) -> list[dict[str, Any]]:
        """What the recording channel has recorded."""
        return recorded(recording_file(self.settings.data_dir))

    def wait(self, condition: Callable[[], object], *, what: str) -> None:
        """As `wait_until`, for a minute; where it fails it says what happened here instead."""
        wait_until(condition, seconds=_MINUTE, what=what, seen=self.seen, every=0.1)  # each asks the database

    def seen(self) -> str:
        """What there is, each with how many: states, decisions, effects, notices, dead letters."""
        with self.runtime.store.connect() as connection:
            states = connection.execute(select(subjects.c.lifecycle, subjects.c.state)).all()
            decided = connection.execute(select(moves.c.trigger, moves.c.outcome)).all()
        effects = [(one.target, one.state, one.error) for one in self.effects()]
        notices = [(one["about"], one["channel"]) for one in self.notices()]
        told = {
            "subjects": states,
            "decisions": decided,
            "effects": effects,
            "notices": notices,
            "dead letters": self.dead_letters(),
        }
        return "; ".join(f"{name} {_counted(found)}" for name, found in told.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers is not None:
            self._workers.kill_all()
        if self._broker is not None:
            self._broker.close()
        if self._runtime is not None:
            self._runtime.close()


def _counted(found: Sequence[Any]) -> str:
    """The different ones, with how many there are of each."""
    counted = Counter(" ".join(str(part) for part in one if part is not None) for one in found)
    return ", ".join(f"{number} x {one}" for one, number in sorted(counted.items())) or "none"
