"""A sandbox for a test: a real store, the catalog, a clock in a file, and a worker that the test calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tasks.channels.live import LiveChannel
from tasks.channels.recording import RecordingChannel
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from workflow.clock import SandboxClock, clock_from
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.recovery.contact.recording import recorded, recording_file
from workflow.recovery.links import LinkWriter
from workflow.recovery.runtime import open_runtime
from workflow.sandbox.advance import AdvanceStatus, Standing, ask, standing, target_of
from workflow.sandbox.passing import Passing
from workflow.settings import Settings
from workflow.store.schema import moves, subjects

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEASE = timedelta(minutes=2)
PATIENCE = 60.0
CHANNELS = ("email", "sms", "chat", "social", "webhook", "dial")


@dataclass
class House:
    """A sandbox whose only process is the test's."""

    runtime: Runtime
    clock: SandboxClock
    sender: NoticeSender
    real: float = 0.0
    posted: int = field(default=0)

    def passing(self) -> Passing:
        """What a scheduler passes time with; its real seconds are `real`."""
        runtime = self.runtime
        return Passing(
            runtime.store,
            self.clock,
            patience=PATIENCE,
            before_moving=lambda: sweep(runtime.engine, self.clock),
            seconds=lambda: self.real,
        )

    def post(self, kind: str, subject: str, **data: Any) -> None:
        """Accept an event of now; nobody has decided it yet."""
        self.posted += 1
        event = CloudEvent(f"e{self.posted}", "/crm", kind, subject, self.clock.now(), data)
        self.runtime.engine.accept([event])

    def promise(self, number: str, due_in: timedelta) -> None:
        """A promise, due so long from now."""
        due_at = (self.clock.now() + due_in).isoformat()
        self.post("promise.make", f"promise:{number}", words="A call", owner="sam@x.example", due_at=due_at)

    def work(self) -> bool:
        """What a worker does at once; whether that was anything."""
        runtime = self.runtime
        decided = runtime.engine.fire().decided + runtime.engine.apply().decided
        claimed = outbox.claim(runtime.store, self.clock.now(), LEASE, 100)
        for effect in claimed:
            self.sender.run([effect.id], effect.token, 30.0)
        return bool(decided or claimed)

    def advance(self, by: str | None = None, to: str | None = None) -> None:
        """Ask for an advance, as the API does."""
        now = self.clock.now()
        ask(self.runtime.store, now, target_of(now, by, to), "operator:tests")

    def until_done(self, *passing: Passing) -> Standing:
        """Let schedulers and a worker go on until the advance has come to an end."""
        schedulers = passing or (self.passing(),)
        while (found := self.standing()).status is AdvanceStatus.ADVANCING:
            for one in schedulers:
                one.step()
            self.work()
        return found

    def standing(self) -> Standing:
        """Where the clock stands."""
        return standing(self.runtime.store, self.clock)

    def state(self, key: str) -> str | None:
        """A subject's state."""
        with self.runtime.store.connect() as connection:
            return connection.execute(select(subjects.c.state).where(subjects.c.key == key)).scalar()

    def moves(self) -> list[tuple[str, datetime]]:
        """Every decision that a timer brought, and when it was taken, in order."""
        query = select(moves.c.trigger, moves.c.at).where(moves.c.due_at.is_not(None)).order_by(moves.c.id)
        with self.runtime.store.connect() as connection:
            return [(row.trigger, row.at) for row in connection.execute(query)]

    def notices(self) -> list[dict[str, Any]]:
        """What was recorded."""
        return recorded(recording_file(self.runtime.settings.data_dir))


def settings_of(database_url: str, directory: Path) -> Settings:
    """Of a sandbox below this directory."""
    return Settings(database_url=database_url, data_dir=directory, clock=f"sandbox:{directory / 'clock'}")


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A sandbox in which it is Monday morning, on SQLite and on PostgreSQL."""
    settings = settings_of(database_url, tmp_path)
    clock = clock_from(settings.clock)
    assert isinstance(clock, SandboxClock)
    clock.begin(MORNING)
    runtime = open_runtime(settings)
    recording = RecordingChannel(recording_file(tmp_path), clock, LinkWriter(settings))
    live = LiveChannel(runtime.engine, clock, lambda subjects: None)
    yield House(runtime, clock, NoticeSender(runtime, dict.fromkeys(CHANNELS, recording) | {"live": live}))
    runtime.close()
