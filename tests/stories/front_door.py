"""A story is played here: events in by HTTP, notices and desk work out, on a clock that the story moves.

Everything is real but the clock and the broker: API, engine, store, delivery and channels. A story
says which notices it expects, and fails on any that nobody expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from tasks.channels.address import address_for
from tasks.channels.live import LiveChannel
from tasks.channels.port import Notice, Receipt
from tasks.delivery import Delivery
from workflow import keys, outbox
from workflow.api.app import create_app
from workflow.clock import VirtualClock
from workflow.engine import Engine
from workflow.outbox import RetryPolicy
from workflow.registry import Registry, catalog_sources
from workflow.runtime import Runtime
from workflow.settings import Settings
from workflow.store import migrate, open_store
from workflow.store.port import EffectRow
from workflow.sweep import sweep
from workflow.timers import next_due

LEASE = timedelta(minutes=2)


@dataclass
class Mailbox:
    """A channel that keeps what it is given."""

    notices: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Never fails."""
        self.notices.append(notice)
        return Receipt(notice.channel, idempotency_key)


class Story:
    """One story on one store."""

    def __init__(self, database_url: str, directory: Path, begins: datetime) -> None:
        migrate(database_url)
        store = open_store(database_url)
        self.clock = VirtualClock(begins)
        registry = Registry(store)
        registry.register(catalog_sources(), begins)
        settings = Settings(database_url=database_url, data_dir=directory)
        self.engine = Engine(store, registry, self.clock)
        self.runtime = Runtime(settings, store, registry, self.clock, self.engine, RetryPolicy())
        self.mailbox = Mailbox()
        live = LiveChannel(self.engine, self.clock, lambda subjects: None)
        channels = {name: self.mailbox for name in ("email", "sms", "chat", "social", "webhook")}
        self.delivery = Delivery(self.runtime, {**channels, "live": live})
        self.http = TestClient(create_app(self.runtime))
        self.http.headers["Authorization"] = f"Bearer {keys.create(store, keys.Role.SYSTEM, 'story', begins)}"
        self.ran: list[EffectRow] = []
        self._posted = 0
        self._expected = 0

    def close(self) -> None:
        """Give the store back."""
        self.http.close()
        self.runtime.close()

    def post(self, kind: str, subject: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One event through the front door, and all that follows from it at this instant."""
        self._posted += 1
        event = {
            "specversion": "1.0", "id": f"story-{self._posted}", "source": "/story", "type": kind,
            "subject": subject, "time": self.clock.now().isoformat(), "data": dict(data or {}),
        }  # fmt: skip
        answer = self.http.post(
            "/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"}
        )
        assert answer.status_code == 202, answer.text
        self._settle()
        item: dict[str, Any] = answer.json()["items"][0]
        return item

    def until(self, instant: datetime) -> None:
        """Let time pass: whatever is due until `instant` happens at its own instant."""
        while True:
            dues = [next_due(self.runtime.store), outbox.next_due(self.runtime.store)]
            due = min((one for one in dues if one is not None), default=None)
            if due is None or due > instant:
                break
            self.clock.move_to(max(due, self.clock.now()))
            self.engine.fire()
            self._settle()
        self.clock.move_to(instant)

    def after(self, hours: float = 0, minutes: float = 0) -> None:
        """Let so much time pass."""
        self.until(self.clock.now() + timedelta(hours=hours, minutes=minutes))

    def _settle(self) -> None:
        while True:
            applied = self.engine.apply().decided
            effects = outbox.claim(self.runtime.store, self.clock.now(), LEASE, 100)
            for effect in effects:
                if effect.kind == "notice":
                    self.delivery.run([effect.id], effect.token)
                else:
                    self.ran.append(effect)
            if not applied and not effects:
                break
        sweep(self.engine, self.clock)

    def subject(self, key: str) -> dict[str, Any]:
        """A subject as the API shows it."""
        answer = self.http.get(f"/v1/subjects/{key}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def state(self, key: str) -> str:
        """A subject's state."""
        return str(self.subject(key)["state"])

    def only(self, lifecycle: str) -> str:
        """Key of the only subject of a lifecycle."""
        items = self.http.get("/v1/subjects", params={"lifecycle": lifecycle}).json()["items"]
        assert len(items) == 1, [item["key"] for item in items]
        return str(items[0]["key"])

    def told(self, *expected: tuple[str, str]) -> list[Notice]:
        """Exactly these (address, about) were told since the last time this was asked, in any order."""
        new = self.mailbox.notices[self._expected :]
        assert sorted((address_for(one, "email"), one.about) for one in new) == sorted(expected)
        self._expected = len(self.mailbox.notices)
        return new

    def ends(self) -> None:
        """Nobody was told anything that the story did not expect, and nothing waits for a person unseen."""
        self.told()
        effects = self.http.get("/v1/effects", params={"state": "dead"}).json()["items"]
        effects += self.http.get("/v1/effects", params={"state": "unknown"}).json()["items"]
        assert effects == []
