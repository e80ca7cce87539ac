"""An installation in this process: the whole system on one store and a clock that the scenario moves.

Everything is real but the clock, the broker and what lies behind the channels: doors, engine, store, relay,
sender, desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic_settings import BaseSettings
from pydantic_settings import PydanticBaseSettingsSource as Source

from state_machines.values.retry_policy import RetryPolicy
from workflow.clock import VirtualClock
from workflow.console.site import create_site
from workflow.engine.definition_sources import with_catalog
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.engine.runtime import Runtime
from workflow.outbox.receipts import TaskOutcome, record
from workflow.outbox.relay import Relay
from workflow.scenarios.due_work import DueWork, due_work
from workflow.scenarios.errors import NoRest
from workflow.scenarios.executor import executor_of
from workflow.scenarios.role_keys import RoleKeys
from workflow.scenarios.stage import (
    Answer,
    Role,
    SentNotice,
    TaskCall,
)
from workflow.scenarios.store_view import StoreView
from workflow.settings import Settings
from workflow.store.port import Store

MOST_PASSES = 1_000
"""Passes at one instant, after which a definition is taken to go round in circles there."""
_LONG = 3600.0
_MOST = 500


class _Unswayed(Settings):
    """Settings as they are by themselves: a scenario means the same whatever the environment says."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Source, *others: Source, **named: Source
    ) -> tuple[Source, ...]:
        """What is said here, and nothing else."""
        return (init_settings,)


class Installation(StoreView):
    """One installation, fresh; `close` it at the end.

    Args:
        store: migrated and empty.
        directory: for what an installation keeps beside its store.
        begins: where its clock stands, UTC.
        sources: definitions beside the catalog's, (text of the bundle, file).
    """

    def __init__(
        self, store: Store, directory: Path, begins: datetime, sources: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.clock: VirtualClock
        super().__init__(store, Registry(store), VirtualClock(begins))
        self.registry.register(with_catalog(sources), begins)
        settings = _Unswayed(
            database_url="sqlite://", data_dir=directory, effect_batch=_MOST, channel="recording"
        )
        engine = Engine(store, self.registry, self.clock, longest=None)
        self._runtime = Runtime(
            settings, store, self.registry, self.clock, engine, RetryPolicy(settings.max_attempts)
        )
        self._executor = executor_of(self._runtime)
        # Numbered: names of escalations hold a part of them, and a story is the same each time it is told.
        self._relay = Relay(self._runtime, self._executor, map("{:08x}".format, count(1)).__next__)
        self._app = create_site(self._runtime)
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app=self._app)
        self._http = httpx.AsyncClient(
            transport=transport, base_url="http://installation", follow_redirects=True
        )
        self._keys = RoleKeys(store, self.clock)
        self._works = True

    def close(self) -> None:
        """End what was started; the store stays open."""
        self._loop.run_until_complete(self._http.aclose())
        self._app.state.context.close()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._runtime.engine.marks.close()

    def until(self, instant: datetime, looked: Callable[[], None] | None = None) -> None:
        """Let time pass: whatever is due until `instant` happens at its own instant; then it is looked."""
        self._until(instant, None, looked)

    def settle(self) -> None:
        """Everything that follows at this instant: decisions, effects, what those bring, what is due now."""
        self._until(self.clock.now(), self._carry_on(None))

    def request(self, method: str, path: str, role: Role, body: Any = None, kind: str = "") -> Answer:
        """A request to the API by a key of this role."""
        headers = {"Authorization": f"Bearer {self._keys.of(role)}", "Accept": "application/json"}
        if kind:
            headers["Content-Type"] = kind
        sent = self._http.request(method, path, json=body, headers=headers)
        return _answer(self._loop.run_until_complete(sent))

    def browse(self, url: str, answers: Mapping[str, str] | None) -> Answer:
        """Somebody opens a signed link, and sends its form if there are answers."""
        path = urlsplit(url).path
        page = _answer(self._loop.run_until_complete(self._http.get(path)))
        if answers is None or page.status >= httpx.codes.BAD_REQUEST:
            return page
        return _answer(self._loop.run_until_complete(self._http.post(path, data=dict(answers))))

    def notices(self) -> Sequence[SentNotice]:
        """All that went out so far, the oldest first."""
        return self._executor.notices()

    def end_task(self, call: TaskCall, succeeded: bool, said: Any) -> None:
        """A called task ends with this result, or fails for this reason."""
        outcome = TaskOutcome.SUCCEEDED if succeeded else TaskOutcome.FAILED
        record(self._runtime.engine, call.effect, outcome, {"result" if succeeded else "error": said})

    def channel(self, name: str, behaviour: str) -> None:
        """From here on a channel behaves so."""
        self._executor.behave(name, behaviour)

    def worker(self, there: bool) -> None:
        """Whether anything is done."""
        self._works = there

    def _until(
        self, instant: datetime, due: DueWork | None, looked: Callable[[], None] | None = None
    ) -> None:
        """Let time pass; `due` is what there is to do now, if that is known."""
        while self._works:
            due = due or due_work(self.store)
            if due.next_due is None or due.next_due > instant:
                break
            self.clock.move_to(max(due.next_due, self.clock.now()))
            due = self._carry_on(due)
            if looked is not None:
                looked()
                due = None
        self.clock.move_to(max(instant, self.clock.now()))

    def _carry_on(self, due: DueWork | None) -> DueWork | None:
        """Decide and carry out what is there or due at this instant, until nothing is left.

        `due` is what there is to do, if that is known; what there is then is returned, if that is known.
        """
        if not self._works:
            return None
        engine, now = self._runtime.engine, self.clock.now()
        for _ in range(MOST_PASSES):
            due = due or due_work(self.store)
            decided = engine.apply().decided if due.events else 0
            if decided or _is_due(due.effects, now):
                decided += self._relay.run(_LONG).published
            if decided or (_is_due(due.timers, now) and engine.fire().decided):
                due = None
                continue
            if not due.sweep:
                return due
            self._executor.sweep()
            due = None
            if not engine.apply().decided:
                return None
        raise NoRest(f"events, timers and effects call each other without end at {now}")


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _answer(response: httpx.Response) -> Answer:
    is_json = "json" in response.headers.get("content-type", "")
    return Answer(response.status_code, response.json() if is_json else response.text)
