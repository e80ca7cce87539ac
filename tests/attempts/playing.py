"""Plays an attempt against a running house, and holds what came of it against what was expected."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from tasks.pool.process import Process
from tasks.transport import EventsRefused
from tests.api.conftest import House
from tests.tasks.mailbox import Mailbox
from workflow.access.role import Role
from workflow.broker.task_names import KEY_HEADER
from workflow.cli import main
from workflow.cli.failures import words_of
from workflow.recovery.contact.standard_webhooks import sign, webhooks_of
from workflow.store import schema

_PLACE = re.compile(r"<([a-z_]+)>")
_TOLD = re.compile(r"^(?:makegood: |\s+)([\w.]+): .* \[([a-z-]+)\]$", re.MULTILINE)
"""A problem as a command tells it."""
_APART = {"audit", "dead_messages", "dead_message_counts", "secrets"}
"""Tables that tell of attempts, and in which an attempt may leave something."""


class Ask(NamedTuple):
    """One thing that is asked of the house. In its texts ``<name>`` stands for what `Scene.prepared` makes.

    Attributes:
        door: ``http``, ``broker`` (events over Celery), ``receipt`` (a receipt over Celery), ``cli``, or
            ``webhook`` (a request that a receiver of webhooks has signed).
        path: of a request; the name of the command.
        about: key of the subject whose state is looked at afterwards.
    """

    door: str
    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = {}
    about: str | None = None
    twice: bool = False


class Expected(NamedTuple):
    """What must come of it.

    Attributes:
        status: of the answer; of a command its exit code; over the broker 202 or 0.
        problem: the first that is told: field and rule.
        actor: whom the ledger names; None: nothing is stored.
        by: who is said to have acted.
        state: of the subject afterwards.
    """

    status: int
    problem: tuple[str, str] | None = None
    actor: str | None = None
    by: Any = None
    state: str | None = None
    decided: bool = False


class Attempt(NamedTuple):
    """One row of a table."""

    who: str
    what: str
    ask: Ask
    expected: Expected


def refused(status: int, field: str, rule: str) -> Expected:
    """Nothing is stored and nobody told; the answer names field and rule."""
    return Expected(status, (field, rule))


def not_possible(actor: str) -> Expected:
    """It is in the ledger, and its decision refuses it: nothing is changed and nobody told."""
    return Expected(409, ("subject", "not-possible-now"), actor, decided=True)


def taken(status: int, actor: str, *, by: Any = None, state: str | None = None) -> Expected:
    """It is stored under this actor."""
    return Expected(status, None, actor, by, state)


READ = Expected(200)
"""It is answered, and changes nothing."""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    problems: list[tuple[str, str]]
    body: Any = None


class _Standing(NamedTuple):
    """How things stand in the house."""

    counts: dict[str, int]
    subjects: list[tuple[str, str, Any]]
    last_event: int


@dataclass
class Scene:
    """A house and those who come to it.

    Attributes:
        voices: API keys by the name of who has them.
        preparations: by the name of a place, what makes it for one attempt.
    """

    house: House
    voices: dict[str, str]
    preparations: dict[str, Callable[[Scene], str]] = field(default_factory=dict)
    mailbox: Mailbox | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def own(self, type_: str, subject: str, parent: str | None = None, **data: Any) -> str:
        """An event of whoever runs the house, decided at once; its id."""
        document = self.document(type_, subject, data=data)
        if parent is not None:
            document["parent"] = parent
        answer = self.house.post(document, Role.OPERATOR)
        assert answer.status_code == 202, answer.text
        self.settle()
        return str(document["id"])

    def document(self, type_: str, subject: str, **more: Any) -> dict[str, Any]:
        """An event that breaks no rule."""
        return {
            "specversion": "1.0", "id": f"own-{next(self.numbers)}", "source": "/operator",
            "type": type_, "subject": subject, "time": "2026-07-01T11:59:00Z", "data": {}, **more,
        }  # fmt: skip

    def settle(self) -> None:
        """Decide whatever waits or is due."""
        engine = self.house.runtime.engine
        while engine.apply().decided + engine.fire().decided:
            pass

    def later(self, **time: float) -> None:
        """Let time pass."""
        clock: Any = self.house.runtime.clock
        clock.advance(timedelta(**time))
        self.settle()

    def prepared(self, said: Any) -> Any:
        """The same with each place filled in."""
        text = json.dumps(said)
        for name in dict.fromkeys(_PLACE.findall(text)):
            made = str(next(self.numbers)) if name == "new" else self.preparations[name](self)
            text = text.replace(f"<{name}>", json.dumps(made)[1:-1])
        return json.loads(text)

    def state_of(self, key: str) -> str:
        """The state of a subject."""
        return str(self.house.get(f"/v1/subjects/{key}", Role.OPERATOR).json()["state"])

    def data_of(self, key: str) -> dict[str, Any]:
        """What a subject knows."""
        return dict(self.house.get(f"/v1/subjects/{key}", Role.OPERATOR).json()["data"])

    def play(self, who: str, ask: Ask) -> Answer:
        """What it is answered."""
        key = self.voices.get(who)
        match ask.door:
            case "http":
                return self._over_http(key, ask)
            case "broker":
                return self._over_broker(key, ask)
            case "receipt":
                return self._receipt(ask)
            case "cli":
                return self._command(key, ask)
        return self._webhook(who, ask)

    def observe(self, attempt: Attempt) -> Answer:
        """Play an attempt; fail unless exactly what was expected came of it."""
        method_and_more = self.prepared(attempt.ask._asdict())
        ask, expected = Ask(**method_and_more), attempt.expected
        self.settle()
        before = self._standing()
        answer = self.play(attempt.who, ask)
        self.settle()
        after = self._standing()
        told = answer.problems[0] if answer.problems else None
        assert (answer.status, told) == (expected.status, expected.problem), answer
        if expected.actor is None:
            assert after.counts == before.counts, "something was stored or told"
            assert after == before, "something was changed"
            return answer
        event = self._event_behind(before.last_event)
        assert event.actor == expected.actor
        if expected.by is not None:
            assert event.data["by"] == expected.by
        if expected.decided:
            grown = {name for name, rows in after.counts.items() if rows != before.counts[name]}
            assert (grown, after.subjects) == ({"events", "moves"}, before.subjects), "it had an effect"
        if expected.state is not None:
            assert self.state_of(ask.about or "") == expected.state
        return answer

    def _over_http(self, key: str | None, ask: Ask) -> Answer:
        headers = dict(ask.headers) | ({} if key is None else {"Authorization": f"Bearer {key}"})
        content = None if ask.body is None else json.dumps(ask.body, separators=(",", ":")).encode()
        kind = {"Content-Type": "application/json"} if ask.body is not None else {}

        def asked() -> httpx.Response:
            return self.house.http.request(ask.method, ask.path, content=content, headers=kind | headers)

        answer = asked()
        if ask.twice and answer.status_code == 202:  # undecided: the same wish again tells its outcome
            self.settle()
            answer = asked()
        return _read(answer)

    def _over_broker(self, key: str | None, ask: Ask) -> Answer:
        task = import_module("tasks.events").accept
        task.push_request(headers={} if key is None else {KEY_HEADER: key})
        try:
            task.run(ask.body)
        except EventsRefused as refusal:
            field, rule = re.fullmatch(r"(.*) \[(.*)\]", str(refusal).split(", ")[0]).groups()  # type: ignore[union-attr]
            return Answer(0, [(field, rule)])
        finally:
            task.pop_request()
        return Answer(202, [])

    def _receipt(self, ask: Ask) -> Answer:
        getattr(import_module("tasks.receipts"), ask.path).run(*ask.body)
        letters = schema.dead_messages.c
        with self.house.runtime.store.connect() as connection:
            reason = connection.scalar(select(letters.reason).order_by(letters.id.desc()).limit(1))
        return Answer(0, [("message", str(reason))])

    def _command(self, key: str | None, ask: Ask) -> Answer:
        argv = ["makegood", ask.path, *ask.body, "--url", str(self.house.http.base_url), "--key", key or ""]
        said = io.StringIO()
        with (
            patch.object(sys, "argv", argv),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(bool(end.code))
            except Exception as error:
                said.write(words_of(error) or repr(error))
                code = 1
        if not code:
            return Answer(0, [])
        return Answer(code, _TOLD.findall(said.getvalue()), said.getvalue())

    def _webhook(self, who: str, ask: Ask) -> Answer:
        content = json.dumps(ask.body).encode()
        settings = self.house.runtime.settings
        assert settings.webhook_secret is not None
        secret = settings.webhook_secret.get_secret_value()
        receiver = who.removeprefix("receiver ")
        secrets = [Webhook(secret)] if receiver == who else webhooks_of(secret, receiver)
        minutes = float(ask.headers.get("minutes-ago", 0))
        at = self.house.runtime.clock.now() - timedelta(minutes=minutes)
        headers = sign(secrets, f"r-{next(self.numbers)}", at, content.decode())
        return _read(self.house.http.post(ask.path, content=content, headers=headers))

    def _event_behind(self, last: int) -> Any:
        events = schema.events
        with self.house.runtime.store.connect() as connection:
            query = select(events).where(events.c.id > last).order_by(events.c.id).limit(1)
            return connection.execute(query).one()

    def _standing(self) -> _Standing:
        counts = {name: rows for name, rows in self.house.counts().items() if name not in _APART}
        subjects, events = schema.subjects.c, schema.events.c
        with self.house.runtime.store.connect() as connection:
            rows = connection.execute(
                select(subjects.key, subjects.state, subjects.data).order_by(subjects.id)
            )
            found = [(row.key, row.state, row.data) for row in rows]
            return _Standing(counts, found, connection.scalar(select(func.max(events.id))) or 0)


@contextmanager
def with_tasks(scene: Scene) -> Iterator[None]:
    """The Celery tasks of this process work on the scene's house."""
    with pytest.MonkeyPatch.context() as patched, Mailbox(scene.house.runtime.settings) as mailbox:
        patched.setenv("MAKEGOOD_BROKER_URL", "memory://")
        process = Process(scene.house.runtime, mailbox.broker, {})
        for module in ("tasks.events", "tasks.receipts"):
            patched.setattr(import_module(module), "here", lambda app: process)
        scene.mailbox = mailbox
        yield


def _read(answer: httpx.Response) -> Answer:
    body = answer.json() if "json" in answer.headers.get("content-type", "") else answer.text
    errors = body.get("errors", ()) if isinstance(body, dict) and answer.status_code >= 400 else ()
    return Answer(answer.status_code, [(one["field"], one["rule"]) for one in errors], body)


def http(method: str, path: str, body: Any = None, **headers: str) -> Ask:
    """A request."""
    return Ask("http", method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})


def get(path: str) -> Ask:
    """Something to be read."""
    return http("GET", path)


def desk(path: str, about: str | None = None, **body: Any) -> Ask:
    """An act at the desk, which tells its outcome when it is asked for again."""
    return Ask(
        "http", "POST", f"/v1/desk/{path}", {"id": "act-<new>", "patience": 0, **body}, {}, about, True
    )


def case_act(trigger: str, **data: Any) -> Ask:
    """An act on a new case."""
    path = f"/v1/desk/cases/<case>/{trigger}?id=act-<new>&patience=0"
    return Ask("http", "POST", path, data, {}, None, True)


def document(type_: str, subject: str = "", source: str = "/tests", **more: Any) -> dict[str, Any]:
    """An event that is well formed; `data` and attributes as `more` says."""
    lifecycle = type_.partition(".")[0]
    return {
        "specversion": "1.0", "id": "attempt-<new>", "source": source, "type": type_,
        "subject": subject or f"{lifecycle}:attempt-<new>", "time": "2026-07-01T11:59:00Z",
        "data": {}, **more,
    }  # fmt: skip


def event(type_: str, subject: str = "", source: str = "/tests", state: str = "", **more: Any) -> Ask:
    """An event over HTTP."""
    said = document(type_, subject, source, **more)
    kind = {"Content-Type": "application/cloudevents+json"}
    return Ask("http", "POST", "/v1/events", said, kind, said["subject"])


def over_broker(type_: str, subject: str = "", source: str = "/tests", **more: Any) -> Ask:
    """The same over the broker."""
    return Ask("broker", "", "", [document(type_, subject, source, **more)])


def by_command(type_: str, subject: str, *options: str) -> Ask:
    """The same by `makegood send`."""
    return Ask("cli", "", "send", [type_, subject, *options])


def table_of(attempts: list[Attempt]) -> Any:
    """The rows as parameters of a test; each is named by who and what."""
    return pytest.mark.parametrize(
        "attempt", [pytest.param(one, id=f"{one.who}: {one.what}") for one in attempts]
    )
