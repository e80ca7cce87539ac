"""A poison of each kind among good promises: what comes of the good, and where each poison shows.

Run by a test with few promises, and by hand with a thousand, which prints how late they were:

    python -m tests.processes.poisons [PROMISES]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

import redis
from celery import Celery
from fastapi.testclient import TestClient
from sqlalchemy import select

from state_machines.values.instants import format_instant
from tests.processes.deadly_worker import FUSE
from tests.processes.installation import Installation
from tests.servers import PostgresServer, ValkeyServer
from workflow.access.role import Role
from workflow.broker.task_names import QUEUE, SOON_QUEUE
from workflow.console.site import create_site
from workflow.store.schema import moves, subjects

WORKER = [sys.executable, "-m", "tests.processes.deadly_worker", "worker", "--concurrency", "2"]
MESSAGES = [(QUEUE, "[[], {}]"), (QUEUE, "[]"), (SOON_QUEUE, "garbage")]
UNKNOWN = "nobody.knows_this"
"""A task that nobody has registered, with a body of 100 KB."""
RESTLESS = """
lifecycle: ping
version: 1
data: {restless: {type: boolean}}
triggers: {ping: {data: {restless: {type: boolean}}}}
states: [{name: here}, {name: gone, final: true}]
transitions:
  - trigger: ping
    source: initial
    dest: here
    set: {restless: "=event.data.?restless.orValue(false)"}
    effects: [{emit: {to: self, trigger: ping}}]
  - {trigger: ping, source: here, conditions: data.restless, effects: [{emit: {to: self, trigger: ping}}]}
  - {trigger: ping, source: here, dest: gone}
"""
"""Whether it ever rests only its data say: `makegood check` sees nothing wrong with it."""
FAULTY = """
lifecycle: faulty
version: 1
states: [{name: there, final: true}]
triggers: {go: {data: {list: {type: array, required: true}}}}
transitions:
  - {trigger: go, source: initial, dest: there,
     set: {many: "=event.data.list.map(a, event.data.list.map(b, event.data.list))"}}
"""
GIVEN_UP = """
lifecycle: errand
version: 1
states: [{name: sent}, {name: failed, final: true}]
triggers: {lost: {data: {error: {type: string}, attempts: {type: integer}, effect: {type: string}}}}
transitions:
  - trigger: go
    source: initial
    dest: sent
    effects: [{task: {name: nobody.has_it, queue: nobody, failed: lost, retry: {attempts: 1, first: PT1S}}}]
  - {trigger: lost, source: sent, dest: failed}
"""
"""A lifecycle of the installation for each kind of poison that is a definition's or an expression's."""


@dataclass(frozen=True, slots=True)
class Poison:
    """One poison, and where it shows.

    Attributes:
        kind: message, event, expression, definition or effect.
        name: the rule by which it is named.
        find: its place in what the API lists, once it is there; None until then.
        drop: a request that drops it, by what `find` gave.
    """

    kind: str
    name: str
    find: Callable[[TestClient], Any]
    drop: Callable[[Any], tuple[str, dict[str, str]]]


@dataclass(slots=True)
class Outcome:
    """What came of it: by how many seconds each good promise was late; what was dropped, by its request."""

    late: list[float] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)


def _dead(kind: str, beginning: str, **wanted: str) -> Callable[[TestClient], Any]:
    def find(api: TestClient) -> Any:
        found = api.get("/v1/dead-letters", params={"limit": 1000}).json()[kind]
        for one in found:
            said = one.get("error") or one.get("reason") or ""
            if said.startswith(beginning) and all(one[name] == value for name, value in wanted.items()):
                return one
        return None

    return find


def _of_event(one: Any) -> tuple[str, dict[str, str]]:
    path = f"/v1/events/{quote(one['source'], safe='/')}/{quote(one['event_id'], safe='')}/discard"
    return path, {"reason": "it is a poison"}


def _of_message(one: Any) -> tuple[str, dict[str, str]]:
    return f"/v1/dead-letters/messages/{one['id']}/discard", {"reason": "it is a poison"}


def _dead_effect(api: TestClient) -> Any:
    found = api.get("/v1/effects", params={"state": "dead", "limit": 1000}).json()["items"]
    return next((one for one in found if one["target"] == "nobody.has_it"), None)


def _of_effect(one: Any) -> tuple[str, dict[str, str]]:
    return f"/v1/effects/{one['id']}/settle", {"note": "it is a poison"}


POISONS = (
    *(
        Poison("message", "unreadable", _dead("messages", "unreadable", queue=queue), _of_message)
        for queue, _ in MESSAGES
    ),
    Poison("message", "unknown-task", _dead("messages", "unknown-task", queue=QUEUE), _of_message),
    Poison("event", "ended-processes", _dead("events", "ended-processes", subject="fuse:deadly"), _of_event),
    Poison("expression", "limit", _dead("events", "ExpressionError", subject="faulty:F"), _of_event),
    Poison("definition", "endless-chain", _dead("events", "endless-chain", subject="ping:P"), _of_event),
    Poison("effect", "dead", _dead_effect, _of_effect),
)


def run(installation: Installation, promises: int, due_in: float, *, poisoned: bool) -> Outcome:
    """Make so many promises, due in so many seconds, with poison in their midst; what came of all of it."""
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir(exist_ok=True)
    for number, text in enumerate((FUSE, RESTLESS, FAULTY, GIVEN_UP)):
        (lifecycles / f"{number}.yaml").write_text(text)
    installation.configure(lifecycles=lifecycles)
    installation.settings.data_dir.mkdir(exist_ok=True)
    for name in ("first", "second"):
        installation.workers.start_command(WORKER, " ready.", name).wait_ready()
    with _api(installation) as api:
        due_at = format_instant(installation.runtime.clock.now() + timedelta(seconds=due_in))
        size = min(100, promises // 4)
        for first in range(0, promises, size):
            if poisoned and first <= promises // 2 < first + size:
                _pour(installation, api)
            _make(api, range(first, min(first + size, promises)), due_at)
        installation.wait(lambda: _lapsed(installation, promises), what="the good promises to lapse")
        installation.wait(lambda: len(_told(installation)) >= promises, what="the ladders to be told")
        assert set(_told(installation).values()) == {1}, "each once"
        found = Outcome(_lateness(installation, promises))
        if poisoned:
            for poison in POISONS:
                _find_and_drop(installation, api, poison, found)
    return found


@contextmanager
def _api(installation: Installation) -> Iterator[TestClient]:
    with TestClient(create_site(installation.runtime, installation.broker)) as api:
        api.headers["Authorization"] = f"Bearer {installation.key(Role.OPERATOR)}"
        yield api


def _make(api: TestClient, numbers: range, due_at: str) -> None:
    customer = {"name": "Ada", "email": "ada@example.org", "zone": "Pacific/Auckland"}
    said = {"words": "We call you back", "owner": "sam@example.com", "due_at": due_at, "customer": customer,
            "ladder": [{"people": ["lead@example.com"], "within": "PT1H"}]}  # fmt: skip
    _post(api, [("promise.make", f"promise:P-{number}", said) for number in numbers])


def _pour(installation: Installation, api: TestClient) -> None:
    broker = redis.Redis.from_url(installation.settings.broker_url or "")
    for queue, message in MESSAGES:
        broker.lpush(queue, message)
    broker.close()
    Celery(broker=installation.settings.broker_url).send_task(UNKNOWN, ["x" * 100_000], queue=QUEUE)
    _post(
        api,
        [
            ("fuse.light", "fuse:deadly", {"deadly": "light"}),
            ("faulty.go", "faulty:F", {"list": list(range(3000))}),
            ("ping.ping", "ping:P", {"restless": True}),
            ("errand.go", "errand:E", {}),
        ],
    )


def _post(api: TestClient, events: list[tuple[str, str, dict[str, Any]]]) -> None:
    batch = [
        {
            "specversion": "1.0",
            "id": subject,
            "source": "/poisons",
            "type": kind,
            "subject": subject,
            "data": data,
        }
        for kind, subject, data in events
    ]
    answer = api.post(
        "/v1/events", json=batch, headers={"Content-Type": "application/cloudevents-batch+json"}
    )
    assert answer.status_code == 202, answer.text


def _told(installation: Installation) -> Counter[str]:
    """How often the first level of each good promise's ladder was told."""
    ladders = (one["context"]["escalation"] for one in installation.notices() if one["about"] == "escalation")
    return Counter(one for one in ladders if one.startswith("escalation:promise-P-"))


def _lapses(installation: Installation) -> list[tuple[str, float]]:
    query = (
        select(subjects.c.key, moves.c.at, moves.c.due_at)
        .join(subjects, subjects.c.id == moves.c.subject_id)
        .where(moves.c.trigger == "lapse", moves.c.outcome == "moved")
    )
    with installation.runtime.store.connect() as connection:
        return [(key, (at - due).total_seconds()) for key, at, due in connection.execute(query)]


def _lapsed(installation: Installation, promises: int) -> bool:
    return len(_lapses(installation)) >= promises


def _lateness(installation: Installation, promises: int) -> list[float]:
    lapses = _lapses(installation)
    assert Counter(key for key, _ in lapses) == {f"promise:P-{number}": 1 for number in range(promises)}
    assert min(late for _, late in lapses) >= 0, "none before its time"
    return [late for _, late in lapses]


def _find_and_drop(installation: Installation, api: TestClient, poison: Poison, found: Outcome) -> None:
    installation.wait(lambda: poison.find(api), what=f"{poison.kind} [{poison.name}] to show")
    place = poison.find(api)
    path, body = poison.drop(place)
    answer = api.post(path, json=body)
    assert answer.status_code in (200, 204), (poison.kind, answer.text)
    assert poison.find(api) != place, f"{poison.kind} [{poison.name}] is dropped"
    found.dropped[path] = f"{poison.kind}: {place.get('error') or place.get('reason')}"


def _main(promises: int) -> None:
    """On PostgreSQL, without poison and with it, one after the other."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for name in ("postgresql", "valkey"):
            (place / name).mkdir()
        server, valkey = PostgresServer(place / "postgresql"), ValkeyServer(place / "valkey")
        server.start()
        valkey.start()
        try:
            for poisoned in (False, True):
                here = place / f"run-{poisoned}"
                here.mkdir()
                valkey.flush()
                with Installation(here, valkey, server.url(server.create_database())) as installation:
                    found = run(installation, promises, max(8.0, promises / 80), poisoned=poisoned)
                cuts = quantiles(found.late, n=100)
                late = f"p50 {cuts[49]:.3f} s, p99 {cuts[98]:.3f} s, most {max(found.late):.3f} s"
                how = "with poison" if poisoned else "without"
                sys.stdout.write(f"{how}: {promises} promises lapsed once each; late {late}\n")
                for path, name in found.dropped.items():
                    sys.stdout.write(f"  {name[:150]}\n    dropped by POST {path}\n")
        finally:
            valkey.stop()
            server.stop()


if __name__ == "__main__":
    _main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
