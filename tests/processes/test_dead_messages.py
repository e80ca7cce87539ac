"""Whatever is written into our queues: no worker ends by it, nothing is lost, and good messages go on."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

import redis
from sqlalchemy import Row, select, text

from tests.processes.installation import Installation
from tests.waiting import wait_until
from workflow.broker.dead_messages import INVALID, UNKNOWN_TASK, UNREADABLE, counts_by_reason
from workflow.broker.task_names import ACCEPT, APPLY, LATER_QUEUE, QUEUE, SEND, SOON_QUEUE
from workflow.maintenance.backlog import full_count
from workflow.queries.dead_letters import first_dead_letters
from workflow.store.schema import dead_messages

SECRET = "ada@example.com"
HEADERS = {"lang": "py", "task": APPLY, "id": "an-id", "root_id": "an-id", "parent_id": None}


def envelope(said: Any, headers: Any = HEADERS, /, **changes: Any) -> str:
    """A message as kombu puts it into a list of Redis."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    message = {
        "body": base64.b64encode(body).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
        },
    }
    return json.dumps({**message, **changes})


def properties(**changes: Any) -> dict[str, Any]:
    return {"properties": {**json.loads(envelope(None))["properties"], **changes}}


def head(**changes: Any) -> dict[str, Any]:
    return {**HEADERS, **changes}


NOTHING = [[], {}, None]
NO_MESSAGES = [
    f"garbage {SECRET}", "", "[]", "{}", "null", "17", '"text"', "[" * 100_000, "NaN", '{"properties": 1}',
    '{"properties": {}}', '{"body": 1, "properties": {"delivery_tag": "a"}}',
    envelope(NOTHING, headers=[SECRET]),
    envelope(NOTHING, **properties(delivery_info={})), envelope(NOTHING, **properties(delivery_info=7)),
    envelope(NOTHING, **properties(delivery_tag=None)), envelope(NOTHING, **properties(delivery_tag=True)),
    envelope(NOTHING, **properties(delivery_tag={})), envelope(NOTHING, **properties(body_encoding="rot13")),
    envelope(NOTHING, body="no base 64!"), envelope(NOTHING, body=7),
]  # fmt: skip
UNREAD = [
    envelope([[], {}]), envelope([]), envelope({}), envelope(None), envelope("text"), envelope(17),
    envelope(SECRET.encode()), envelope(b"\xff\xfe"), envelope([[SECRET], {}, {}, {}]), envelope([1, 2, 3]),
    envelope([[], [], {}]), envelope([[], {}, [1]]), envelope({"args": 7, "kwargs": {}}),
    envelope({"task": 7, "id": "a"}, {}), envelope({"id": "a", "args": [], "kwargs": {}}, {}),
    envelope({"task": APPLY, "args": [], "kwargs": {}}, {}), envelope([[], {}, None], {}),
    envelope(NOTHING, head(task=None)), envelope(NOTHING, head(task=["a"])), envelope(NOTHING, head(id=None)),
    envelope(NOTHING, head(timelimit="no")), envelope(NOTHING, head(timelimit=[1])),
    envelope(NOTHING, head(timelimit=["a", "b"])), envelope(NOTHING, head(timelimit=[float("inf"), None])),
    envelope(NOTHING, head(timelimit=[None, 10**400])), envelope(NOTHING, head(timelimit=[float("nan"), -1])),
    envelope(NOTHING, head(eta=7)),
    envelope(NOTHING, head(eta="soon")), envelope(NOTHING, head(expires="late")),
    envelope(NOTHING, head(retries="some")), envelope(NOTHING, head(compression="zstandard-of-mine")),
    envelope(NOTHING, head(compression="zlib")), envelope(NOTHING, **{"content-type": "text/plain"}),
    envelope(NOTHING, **{"content-type": "application/x-python-serialize"}), 
    envelope(NOTHING, **{"content-type": None}),
    envelope(NOTHING, **{"content-type": 7}),
]  # fmt: skip
STRANGERS = [
    envelope([[SECRET], {}, None], head(task="shop.order")),
    envelope({"task": "shop.order", "id": "a", "args": [SECRET], "kwargs": {}}, {}),
]
MISFITS = [
    envelope([[SECRET], {}, None]), envelope([[], {"to": SECRET}, None]),
    envelope([[1], {}, None], head(task=SEND)), envelope(NOTHING, head(task=ACCEPT)),
]  # fmt: skip
GOOD = [
    envelope(NOTHING, head(protocol=9, stamps={"a": 1}, lang="cobol")),
    envelope(NOTHING, **{"content-encoding": "klingon"}),
    envelope({"args": [], "kwargs": {}}),
    envelope({"task": APPLY, "id": "a"}, {}),
]
"""Odd, but nothing that matters: Celery carries them out."""


def kept(installation: Installation) -> Sequence[Row[Any]]:
    with installation.runtime.store.connect() as connection:
        return connection.execute(select(dead_messages).order_by(dead_messages.c.id)).all()


def test_whatever_comes_is_kept_or_carried_out_and_the_worker_goes_on(installation: Installation) -> None:
    worker = installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    pids = set(worker.group())
    lists = redis.Redis.from_url(installation.server.url)
    bad = [*NO_MESSAGES, *UNREAD, *STRANGERS, *MISFITS]
    for number, one in enumerate([*bad, *GOOD]):
        lists.lpush((QUEUE, SOON_QUEUE, LATER_QUEUE)[number % 3], one)
    installation.wait(lambda: len(kept(installation)) >= len(bad), what="all to be kept")
    installation.send(installation.promise("P-1", due_in=1, customer={"email": "customer@example.com"}))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="good ones to be served")
    installation.wait(installation.notices, what="notices to go out")

    rows, store = kept(installation), installation.runtime.store
    assert len(rows) == len(bad)
    numbers = {
        UNREADABLE: len(NO_MESSAGES) + len(UNREAD),
        UNKNOWN_TASK: len(STRANGERS),
        INVALID: len(MISFITS),
    }
    counted = counts_by_reason(store)
    assert {reason: counted[reason] for reason in numbers} == numbers
    garbage = next(row for row in rows if row.body == NO_MESSAGES[0].encode())
    assert (garbage.queue, garbage.size) == (QUEUE, len(garbage.body))
    assert garbage.digest == sha256(garbage.body).hexdigest()
    assert {row.queue for row in rows} == {QUEUE, SOON_QUEUE, LATER_QUEUE}
    assert max(len(row.body) for row in rows) == 64 * 1024
    listed = first_dead_letters(store, 1000).messages
    assert [one.digest for one in listed] == [row.digest for row in rows]
    assert full_count(store, installation.runtime.clock.now()).dead_messages == len(bad)

    assert set(worker.group()) >= pids, "nobody has ended"
    log = worker.log.read_text()
    assert log.count(" ready.") == 1, "nor begun again"
    assert garbage.digest in log
    assert SECRET not in log and base64.b64encode(SECRET.encode()).decode()[:12] not in log
    wait_until(lambda: not lists.hlen("unacked"), seconds=60, what="nothing to be held back")


def test_without_a_database_a_dead_message_is_told_of(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    worker = installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    with installation.runtime.store.begin() as transaction:
        transaction.connection.execute(text("alter table dead_messages rename to elsewhere"))
    garbage = f"garbage {SECRET}"
    redis.Redis.from_url(installation.server.url).lpush(QUEUE, garbage)
    digest = sha256(garbage.encode()).hexdigest()
    lost = "a dead message is lost, the database did not take it"
    installation_log = lambda: worker.log.read_text()  # noqa: E731
    wait_until(
        lambda: lost in installation_log(), seconds=60, what="the log to tell of it", seen=installation_log
    )
    (line,) = [line for line in installation_log().splitlines() if lost in line]
    assert digest in line
    assert SECRET not in installation_log()
    installation.send(installation.promise("P-1", due_in=1))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="good ones to be served")
