"""A stage of real processes: a sandbox on this machine, whose clock stands still until the story moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx

from state_machines.values.instants import format_instant, parse_instant
from workflow.clock import Clock, clock_from, monotonic
from workflow.demo.errors import Interrupted
from workflow.engine.registry import Registry
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.recording import recorded, recording_file
from workflow.sandbox.advance import FARTHEST
from workflow.sandbox.rest import unrest
from workflow.scenarios.errors import NoRest, StepImpossible
from workflow.scenarios.role_keys import RoleKeys
from workflow.scenarios.stage import Answer, Role, SentNotice, TaskCall
from workflow.scenarios.store_view import StoreView
from workflow.settings import Settings
from workflow.store import open_store

_SECONDS = 30.0
_LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
"""How long, in real seconds, an instant may take to come to rest on a busy machine."""
_FAILED = 400


class ProcessStage(StoreView):
    """An installation of processes. `close` it at the end.

    Args:
        settings: of the sandbox, ports and paths filled in.
        api_url: where its API answers.
        interrupted: ends everything at once when it is set.
    """

    def __init__(self, settings: Settings, api_url: str, interrupted: Event) -> None:
        store = open_store(settings.database)
        clock: Clock = clock_from(settings.clock)
        super().__init__(store, Registry(store), clock)
        self._recording: Path = recording_file(settings.data_dir)
        self._interrupted = interrupted
        self._keys = RoleKeys(store, clock)
        self._http = httpx.Client(base_url=api_url, trust_env=False, follow_redirects=True, timeout=_SECONDS)

    def close(self) -> None:
        """Give everything back."""
        self._http.close()
        self.store.close()

    def until(self, instant: datetime, looked: Callable[[], None] | None = None) -> None:
        """Move the clock; what is due on the way happens at its own instant. Raises NoRest, Interrupted."""
        while self.now() < instant:
            self._advance(min(instant, self.now() + FARTHEST))
            if looked is not None:
                looked()

    def _advance(self, instant: datetime) -> None:
        wish = {"to": format_instant(instant), "leave_tasks": True}
        said = self.request("POST", "/v1/clock/advance", "operator", wish)
        while said.status < _FAILED and said.body["status"] == "advancing":
            self._rest()
            said = self.request("GET", "/v1/clock", "operator")
        if said.status >= _FAILED or said.body["status"] != "ready":
            raise NoRest(f"the clock could not be moved to {format_instant(instant)}: {said.body}")

    def settle(self) -> None:
        """Wait until nothing is left to be done at this instant. Raises NoRest, Interrupted."""
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            with self.store.connect() as connection:
                left = unrest(connection, self.now(), leave_tasks=True)
            if not left:
                return
            if monotonic() > deadline:
                raise NoRest(f"after {PATIENCE_SECONDS:g} s there is still left: {left}")
            self._rest()

    def request(self, method: str, path: str, role: Role, body: Any = None, kind: str = "") -> Answer:
        """A request to the API by a key of this role."""
        headers = {"Authorization": f"Bearer {self._keys.of(role)}", "Accept": "application/json"}
        if kind:
            headers["Content-Type"] = kind
        return _answer(self._http.request(method, path, json=body, headers=headers))

    def browse(self, url: str, answers: Mapping[str, str] | None) -> Answer:
        """Somebody opens a signed link, and sends its form if there are answers."""
        path = urlsplit(url).path
        page = _answer(self._http.get(path))
        if answers is None or page.status >= _FAILED:
            return page
        return _answer(self._http.post(path, data=dict(answers)))

    def notices(self) -> Sequence[SentNotice]:
        """All that was recorded so far, the oldest first."""
        return [_notice(one) for one in recorded(self._recording)]

    def end_task(self, call: TaskCall, succeeded: bool, said: Any) -> None:
        """No worker of another program is here."""
        raise StepImpossible("task", "not-here", f"no worker of another program is here to do {call.task}")

    def channel(self, name: str, behaviour: str) -> None:
        """Channels record, and do nothing else here."""
        raise StepImpossible("channel", "not-here", f"{name} is recorded here, and cannot be told to behave")

    def worker(self, there: bool) -> None:
        """Workers are processes, which nobody stops here."""
        raise StepImpossible("worker", "not-here", "the workers are processes here, and stay")

    def _rest(self) -> None:
        if self._interrupted.wait(_LOOK_SECONDS):
            raise Interrupted()


def _notice(line: Mapping[str, Any]) -> SentNotice:
    channel, to = line["channel"], line["to"]
    reached = address(to, channel)
    return SentNotice(
        line["key"], parse_instant(line["at"]), to, reached, channel, line["about"], line["title"],
        line["words"], line["subject"], line.get("language"), line.get("links") or {},
    )  # fmt: skip


def _answer(response: httpx.Response) -> Answer:
    is_json = "json" in response.headers.get("content-type", "")
    if response.status_code == HTTPStatus.NO_CONTENT:
        return Answer(response.status_code, None)
    return Answer(response.status_code, response.json() if is_json else response.text)
