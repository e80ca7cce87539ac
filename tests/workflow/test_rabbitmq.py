"""Our client over a real RabbitMQ: what a restart costs, and a node that is there and accepts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import RabbitServer
from tests.servers.started import started
from workflow.broker import rabbitmq
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.broker.task_names import APPLY, QUEUE
from workflow.clock import monotonic
from workflow.errors import BrokerUnreachable
from workflow.maintenance.doctor import examine
from workflow.settings import Settings
from workflow.store.port import EffectRow

FOREIGN = "billing"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RabbitServer]:
    with started(RabbitServer, tmp_path) as server:
        yield server


def refund(number: int) -> EffectRow:
    """An effect that names a task of somebody else."""
    return EffectRow(
        number, "refund:R", f"refund:R/{number}/0", "task", "billing.refund", FOREIGN, 0,
        {"args": [], "kwargs": {}}, 1, "token", datetime(2030, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.exhaustive
def test_what_it_takes_is_there_a_restart_costs_nothing_and_a_full_node_is_told_of(
    server: RabbitServer, tmp_path: Path
) -> None:
    """One story, since a node takes some seconds to start."""
    settings = Settings(broker_url=server.url, data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/m.db")
    broker = Broker(celery_app(settings))

    def waiting(queue: str) -> int:
        with rabbitmq.confirmed_producer(celery_app(settings)) as producer:
            return rabbitmq.waiting(producer, queue)

    def run(*effects: EffectRow) -> None:
        broker.run_tasks(effects, lambda task, key: "signature")

    assert waiting(QUEUE) == 0, "and there is no such queue"
    for _ in range(20):
        assert not broker.wake(APPLY), "nobody listens over RabbitMQ"
    assert waiting(QUEUE) == 2, "more would say nothing more to whoever comes back"
    run(refund(1), refund(2))

    server.stop()
    assert not broker.reachable()
    with pytest.raises(BrokerUnreachable):
        broker.go(APPLY)
    server.start()
    assert broker.reachable()
    server.stop()
    server.start()  # and nobody has looked meanwhile: every connection has ended
    run(refund(3))
    broker.go(APPLY)
    assert (waiting(QUEUE), waiting(FOREIGN)) == (3, 3)

    server.control("set_vm_memory_high_watermark", "absolute", "1")
    for attempt in (lambda: run(refund(4)), lambda: run(refund(4))):
        began = monotonic()
        with pytest.raises(BrokerUnreachable):
            attempt()
        assert monotonic() - began < 12
    assert not broker.reachable()
    (found,) = [one for one in examine(settings) if one.name == "broker"]
    assert not found.well
    assert "not-secret" not in found.words
    server.control("set_vm_memory_high_watermark", "0.6")
    run(refund(4))
    assert waiting(FOREIGN) == 4, "what was not taken did not come all the same"
    assert next(one for one in examine(settings) if one.name == "broker").well
