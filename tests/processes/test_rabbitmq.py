"""A whole installation on RabbitMQ, where it differs from Redis: what is durable, and what no message is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import amqp
import pytest
from sqlalchemy import select

from tests.processes.installation import CUSTOMER, Installation
from tests.servers import RabbitServer
from tests.waiting import wait_until
from workflow.broker.dead_messages import INVALID, UNKNOWN_TASK, UNREADABLE
from workflow.broker.task_names import APPLY, LATER_QUEUE, QUEUE, SEND, SOON_QUEUE
from workflow.store.schema import dead_messages

PROMISES = 300
SECRET = "ada@example.com"
HEADERS = {"lang": "py", "task": APPLY, "id": "an-id", "root_id": "an-id", "parent_id": None}
NOTHING = json.dumps([[], {}, None])
JSON = "application/json"
BAD = [
    (f"garbage {SECRET}", HEADERS, JSON, UNREADABLE),
    ("", HEADERS, JSON, UNREADABLE),
    (b"\xff\xfe", HEADERS, JSON, UNREADABLE),
    (NOTHING, {}, JSON, UNREADABLE),
    (NOTHING, {**HEADERS, "id": None}, JSON, UNREADABLE),
    (NOTHING, HEADERS, "application/x-python-serialize", UNREADABLE),
    (NOTHING, HEADERS, "text/plain", UNREADABLE),
    (NOTHING, {**HEADERS, "task": "shop.order"}, JSON, UNKNOWN_TASK),
    (json.dumps([[SECRET], {}, None]), HEADERS, JSON, INVALID),
    (json.dumps([[1], {}, None]), {**HEADERS, "task": SEND}, JSON, INVALID),
]

on_rabbitmq = pytest.mark.parametrize(
    ("database_url", "broker_server"),
    [pytest.param("postgresql", "rabbitmq-own", id="postgresql-rabbitmq")],
    indirect=True,
)


@pytest.fixture
def channel(installation: Installation) -> Iterator[amqp.Channel]:
    """Of somebody who may write to the broker."""
    account, _, host = installation.server.url.removeprefix("amqp://").partition("@")
    user, _, password = account.partition(":")
    with amqp.Connection(
        host=host.strip("/"), userid=user, password=password, confirm_publish=True
    ) as connection:
        yield connection.channel()


def node(installation: Installation) -> RabbitServer:
    return cast(RabbitServer, installation.server)


@pytest.mark.timeout(180)
@on_rabbitmq
def test_what_is_no_message_of_ours_is_kept_and_the_worker_goes_on(
    installation: Installation, channel: amqp.Channel
) -> None:
    worker = installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    for number, (body, headers, kind, _) in enumerate(BAD):
        said = amqp.Message(body, content_type=kind, content_encoding="utf-8", application_headers=headers)
        channel.basic_publish(said, routing_key=(QUEUE, SOON_QUEUE, LATER_QUEUE)[number % 3])

    def reasons() -> Mapping[str, int]:
        with installation.runtime.store.connect() as connection:
            return Counter(connection.execute(select(dead_messages.c.reason)).scalars())

    expected = Counter(reason for *_, reason in BAD)
    installation.wait(lambda: sum(reasons().values()) >= len(BAD), what="all to be kept")
    assert reasons() == expected
    installation.send(installation.promise("P-1", due_in=1, customer={"email": "customer@example.com"}))
    installation.wait(installation.notices, what="good ones to be served")
    log = worker.log.read_text()
    assert log.count(" ready.") == 1, "nobody has ended, nor begun again"
    assert SECRET not in log


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
@on_rabbitmq
def test_a_node_killed_in_mid_run_and_started_again_loses_nothing_and_doubles_nothing(
    installation: Installation,
) -> None:
    """What it had taken is on its disk and comes again; what it had not is in SQL."""
    installation.workers.start("--concurrency", "2").wait_ready()
    installation.send(
        *(
            installation.promise(
                f"P-{number}", due_in=1 + number / 40, customer={"email": f"c{number}@example.com"}
            )
            for number in range(PROMISES)
        )
    )
    installation.wait(lambda: len(installation.moves("lapse")) > PROMISES / 10, what="some to lapse")
    installation.server.stop()
    lapsed = len(installation.moves("lapse"))
    installation.wait(lambda: len(installation.moves("lapse")) > lapsed, what="deadlines without a broker")
    installation.server.start()
    settled: Callable[[], Any] = lambda: (  # noqa: E731
        len(installation.moves("lapse")) >= PROMISES
        and {effect.state for effect in installation.effects()} <= {"settled", "unknown"}
    )
    installation.wait(settled, what="all to lapse and to be told")
    assert installation.dead_letters() == []
    assert Counter(move.key for move in installation.moves("lapse")) == Counter(
        f"promise:P-{number}" for number in range(PROMISES)
    )
    assert all(move.at >= move.due_at for move in installation.moves("lapse"))
    assert Counter(effect.state for effect in installation.effects()).keys() == {"settled"}, "no worker died"
    told = Counter(one["key"] for one in installation.notices())
    assert set(told.values()) == {1}, "no notice twice"


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
@on_rabbitmq
def test_a_node_that_accepts_nothing_makes_no_deadline_late_and_what_waited_goes_out_after_it(
    installation: Installation,
) -> None:
    installation.workers.start("--concurrency", "1").wait_ready()
    node(installation).control("set_vm_memory_high_watermark", "absolute", "1")
    customer = {"email": "customer@example.com"}
    for number in range(3):
        installation.send(installation.promise(f"P-{number}", due_in=1 + number, customer=customer))
    lapses = lambda: installation.moves("lapse")  # noqa: E731
    installation.wait(lambda: len(lapses()) == 3, what="deadlines while it accepts nothing")
    late = max((lapse.at - lapse.due_at).total_seconds() for lapse in lapses())
    assert late < 30, "a sender waits for some seconds and no longer"
    node(installation).control("set_vm_memory_high_watermark", "0.6")
    told = lambda: [one for one in installation.notices() if one["about"] == "broken_promise"]  # noqa: E731
    wait_until(lambda: len(told()) == 3, seconds=90, what="the notices", seen=installation.seen)


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
@on_rabbitmq
def test_a_password_that_is_changed_ends_no_worker_and_makes_no_deadline_late(
    installation: Installation,
) -> None:
    worker = installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    installation.send(installation.promise("P-0", due_in=0.5))
    installation.wait(lambda: installation.state("promise:P-0") == "lapsed", what="a worker at work")
    node(installation).let_nobody_in()
    told = installation.promise("P-1", due_in=2, customer=CUSTOMER)
    installation.runtime.engine.accept([told])
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the lapse meanwhile")
    node(installation).let_in()
    installation.wait(
        lambda: [one for one in installation.notices() if one["about"] == "broken_promise"],
        what="the customer to be told",
    )
    assert worker.pid in worker.group()
