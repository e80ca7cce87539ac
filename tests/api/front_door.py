"""A story is played here: events in by HTTP, notices and desk work out, on a clock that the story moves.

Everything is real but the clock and the broker: API, engine, store, delivery and the tasks of our own. A
story says which notices it expects and which events are refused, and fails on any that nobody expected.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import select

from state_machines.values.retry_policy import RetryPolicy
from tasks.channels.live import LiveChannel
from tasks.channels.port import Notice
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.api.mailbox import FIELDS, Mailbox, heard, links_in
from tests.servers.migrated_files import migrated
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.broker.task_names import WRITE
from workflow.clock import VirtualClock
from workflow.console.site import create_site
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.due_effects import DUE_EFFECTS
from workflow.outbox.receipts import TaskOutcome, record
from workflow.recovery.archive.writing import write_alerts
from workflow.settings import Settings
from workflow.store import open_store
from workflow.store.port import EffectRow
from workflow.store.schema import moves, subjects

LEASE = timedelta(minutes=2)


class Story:
    """One story on one store."""

    def __init__(self, database_url: str, directory: Path, begins: datetime) -> None:
        migrated(database_url)
        store = open_store(database_url)
        self.clock = VirtualClock(begins)
        registry = Registry(store)
        registry.register(catalog_sources(), begins)
        settings = Settings(database_url=database_url, data_dir=directory)
        self.engine = Engine(store, registry, self.clock)
        self.runtime = Runtime(settings, store, registry, self.clock, self.engine, RetryPolicy())
        self.mailbox = Mailbox()
        live = LiveChannel(self.engine, self.clock, lambda subjects: None)
        self.notice_sender = NoticeSender(self.runtime, {**dict.fromkeys(FIELDS, self.mailbox), "live": live})
        app = create_site(self.runtime)
        self.http = TestClient(app)
        # It keeps the book of policies and the teams, too: what an operator lets a system do by name.
        bounds = Bounds(sends=("*", "policy", "team", "rotation", "approval"))
        key = keys.create(store, keys.Role.SYSTEM, "story", begins, bounds=bounds)
        self.http.headers["Authorization"] = f"Bearer {key}"
        self.desk = TestClient(app)
        trusted = Bounds(authorities=("front_line", "manager", "supervisor"))
        key = keys.create(store, keys.Role.DESK, "desk", begins, bounds=trusted)
        self.desk.headers["Authorization"] = f"Bearer {key}"
        self.browser = TestClient(app)
        self.ran: list[EffectRow] = []
        self._posted = 0
        self._expected = 0
        self._refused: list[tuple[str, str]] = []

    def close(self) -> None:
        """Give the store back."""
        for client in (self.http, self.desk, self.browser):
            client.close()
        self.runtime.close()

    def post(
        self, kind: str, subject: str, data: Mapping[str, Any] | None = None, **attributes: Any
    ) -> dict[str, Any]:
        """One event through the front door, and all that follows from it at this instant."""
        answer = self._send(kind, subject, data, attributes)
        assert answer.status_code == 202, answer.text
        self.settle()
        item: dict[str, Any] = answer.json()["items"][0]
        return item

    def declined(self, kind: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """An event that the door itself must turn away; what it says is wrong."""
        answer = self._send(kind, subject, data, {})
        assert answer.status_code == 422, answer.text
        problem: dict[str, Any] = answer.json()
        return problem

    def _send(
        self, kind: str, subject: str, data: Mapping[str, Any] | None, attributes: Mapping[str, Any]
    ) -> httpx.Response:
        self._posted += 1
        event = {
            "specversion": "1.0", "id": f"story-{self._posted}", "source": "/story", "type": kind,
            "subject": subject, "time": self.clock.now().isoformat(), "data": dict(data or {}),
        } | dict(attributes)  # fmt: skip
        answer: httpx.Response = self.http.post(
            "/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"}
        )
        return answer

    def refuses(self, kind: str, subject: str, data: Mapping[str, Any] | None = None) -> str:
        """The same for an event that the subject must refuse; the reason."""
        self.post(kind, subject, data)
        last = self.subject(subject)["timeline"][-1]
        trigger = kind.partition(".")[2]
        assert (last["trigger"], last["outcome"]) == (trigger, "refused"), last
        self._refused.append((subject, trigger))
        return str(last["reason"])

    def until(self, instant: datetime) -> None:
        """Let time pass: whatever is due until `instant` happens at its own instant."""
        while (due := self.next_due()) is not None and due <= instant:
            self.clock.move_to(max(due, self.clock.now()))
            self.engine.fire()
            self.settle()
        self.clock.move_to(instant)

    def next_due(self) -> datetime | None:
        """When something happens by itself next; None when nothing is to come."""
        dues = [DUE_TIMERS.next_due(self.runtime.store), DUE_EFFECTS.next_due(self.runtime.store)]
        return min((one for one in dues if one is not None), default=None)

    def after(self, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Let so much time pass."""
        self.until(self.clock.now() + timedelta(days=days, hours=hours, minutes=minutes))

    def settle(self) -> None:
        """Everything that follows at this instant: decisions, effects, and what those bring."""
        while True:
            applied = self.engine.apply().decided
            effects = outbox.claim(self.runtime.store, self.clock.now(), LEASE, 100)
            for effect in effects:
                if effect.kind == "notice":
                    self.notice_sender.run([effect.id], effect.token, 30.0)
                else:
                    self._run(effect)
            if not applied and not effects:
                break
        sweep(self.engine, self.clock)

    def _run(self, effect: EffectRow) -> None:
        """Our own task by the function behind it, and its receipt; anybody else's is only noted."""
        self.ran.append(effect)
        if effect.target == WRITE:
            written = write_alerts(self.runtime.store, self.runtime.registry, [effect.key])[0]
            record(self.engine, effect.key, TaskOutcome.SUCCEEDED, {"result": written.to_json()})

    def get(self, path: str, **parameters: Any) -> Any:
        """What the API answers to a reader, as JSON."""
        answer = self.http.get(path, params=parameters or None, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def at_desk(self, path: str, **body: Any) -> httpx.Response:
        """What a person of the desk does over the desk's API: said, decided, and asked for again."""
        self._posted += 1
        return self._decided(path, {"id": f"desk-{self._posted}", "patience": 0} | body)

    def on_case(self, case: str, trigger: str, **data: Any) -> httpx.Response:
        """The same about a case: any desk that has its number can act."""
        self._posted += 1
        path = f"/v1/desk/cases/{case.partition(':')[2]}/{trigger}"
        return self._decided(f"{path}?id=desk-{self._posted}&patience=0", data)

    def approves(self, approval: str, **said: Any) -> httpx.Response:
        """What somebody decides about an approval."""
        return self.at_desk(f"/v1/desk/approvals/{approval}/decision", **said)

    def _decided(self, path: str, said: Mapping[str, Any]) -> httpx.Response:
        answer: httpx.Response = self.desk.post(path, json=said)
        self.settle()
        if answer.status_code == 202:
            answer = self.desk.post(path, json=said)
        return answer

    def follow(self, notice: Notice, **answers: str) -> httpx.Response:
        """The recipient opens the signed link in a notice, without a login, and sends its form."""
        page = self.browse(notice)
        assert page.status_code == 200, page.text
        answer: httpx.Response = self.browser.post(str(page.url), data=answers)
        self.settle()
        return answer

    def pick(self, notice: Notice, choice: int) -> httpx.Response:
        """The recipient picks one of the choices of a link, counted from 0."""
        return self.follow(notice, choice=str(choice))

    def browse(self, notice: Notice) -> httpx.Response:
        """The page behind the signed link in a notice, as whoever has the link sees it."""
        (path,) = links_in(notice)
        page: httpx.Response = self.browser.get(path)
        return page

    def subject(self, key: str) -> dict[str, Any]:
        """A subject as the API shows it."""
        found: dict[str, Any] = self.get(f"/v1/subjects/{key}")
        return found

    def state(self, key: str) -> str:
        """A subject's state."""
        return str(self.subject(key)["state"])

    def data(self, key: str) -> dict[str, Any]:
        """What a subject knows."""
        found: dict[str, Any] = self.subject(key)["data"]
        return found

    def all(self, lifecycle: str) -> list[str]:
        """Keys of all subjects of a lifecycle, the oldest first."""
        items = self.get("/v1/subjects", lifecycle=lifecycle)["items"]
        return [str(item["key"]) for item in items]

    def only(self, lifecycle: str) -> str:
        """Key of the only subject of a lifecycle."""
        (key,) = self.all(lifecycle)
        return key

    def told(self, *expected: tuple[str, str] | tuple[str, str, str]) -> list[Notice]:
        """Exactly these (address, about, channel) were told since the last time this was asked, in any order.

        Without a channel it is email.
        """
        new = self.mailbox.notices[self._expected :]
        wanted = [one if len(one) == 3 else (*one, "email") for one in expected]
        assert sorted(map(heard, new)) == sorted(wanted)
        self._expected = len(self.mailbox.notices)
        return new

    def heard_by(self, who: str, new: list[Notice]) -> Notice:
        """The one notice, of those given, that somebody received."""
        (found,) = [notice for notice in new if heard(notice)[0] == who]
        return found

    def ends(self) -> None:
        """Nobody was told anything that the story did not expect, nothing was refused but what it expected,
        and nothing waits for a person unseen.
        """
        self.told()
        assert sorted(self._refusals()) == sorted(self._refused)
        broken = self.get("/v1/effects", state=["dead", "unknown"])["items"]
        assert broken == []
        dead = self.get("/v1/dead-letters")
        assert (dead["events"], dead["timers"]) == ([], [])
        line = {one["key"] for one in self.desk.get("/v1/desk/line", params={"limit": 500}).json()["items"]}
        states = {"state": ["waiting", "asking", "notified"]}
        for lifecycle in ("callback", "escalation"):
            open_ones = self.get("/v1/subjects", lifecycle=lifecycle, **states)["items"]
            assert {one["key"] for one in open_ones} <= line

    def _refusals(self) -> list[tuple[str, str]]:
        query = (
            select(subjects.c.key, moves.c.trigger)
            .join_from(moves, subjects, subjects.c.id == moves.c.subject_id)
            .where(moves.c.outcome == "refused")
        )
        with self.runtime.store.connect() as connection:
            return [(row.key, row.trigger) for row in connection.execute(query)]
