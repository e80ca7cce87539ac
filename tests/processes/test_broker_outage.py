"""A broker that goes away under a running worker, and comes back empty."""

from __future__ import annotations

import pytest
import redis

from tests.processes.brokers import each_broker_of_its_own, each_broker_of_its_own_and_store
from tests.processes.installation import CUSTOMER, Installation


@pytest.mark.exhaustive
@pytest.mark.timeout(150)
@each_broker_of_its_own_and_store
def test_deadlines_are_decided_in_time_without_a_broker_and_effects_follow_when_it_is_back(
    installation: Installation,
) -> None:
    installation.workers.start("--concurrency", "1").wait_ready()
    installation.send(installation.promise("P-0", due_in=0.5))
    installation.wait(lambda: installation.state("promise:P-0") == "lapsed", what="the scheduler to run")

    installation.server.stop()
    installation.runtime.engine.accept([installation.promise("P-1", due_in=4, customer=CUSTOMER)])
    installation.wait(
        lambda: installation.state("promise:P-1") == "lapsed", what="the lapse without a broker"
    )
    lapse = next(move for move in installation.moves("lapse") if move.key == "promise:P-1")
    assert lapse.at >= lapse.due_at
    installation.wait(
        lambda: installation.state("escalation:promise-P-1") == "notified",
        what="the escalation, without a broker",
    )
    assert not [notice for notice in installation.notices() if notice["subject"] == "promise:P-1"]

    installation.server.start()
    installation.wait(
        lambda: [one for one in installation.notices() if one["about"] == "broken_promise"],
        what="the notice once the broker is back",
    )
    keys = [notice["key"] for notice in installation.notices()]
    assert len(keys) == len(set(keys))
    installation.send(installation.promise("P-2", due_in=1))
    installation.wait(
        lambda: installation.state("promise:P-2") == "lapsed", what="everything to be as before"
    )


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
@each_broker_of_its_own
def test_deadlines_are_decided_though_the_broker_hangs(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    installation.workers.start("--concurrency", "1").wait_ready()
    installation.send(installation.promise("P-0", due_in=0.5))
    installation.wait(lambda: installation.state("promise:P-0") == "lapsed", what="the scheduler to run")

    installation.server.hang()
    promises = [installation.promise(f"P-{one}", due_in=one, customer=CUSTOMER) for one in range(1, 5)]
    installation.runtime.engine.accept(promises)
    for one in range(1, 5):
        installation.wait(
            lambda one=one: installation.state(f"promise:P-{one}") == "lapsed",  # type: ignore[misc]
            what="the lapse while the broker hangs",
        )
    installation.server.go_on()
    installation.wait(lambda: told(installation) == 4, what="all to be told when it goes on")


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
def test_a_redis_that_becomes_a_replica_ends_no_worker(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    worker = installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    installation.send(installation.promise("P-0", due_in=0.5))
    installation.wait(lambda: installation.state("promise:P-0") == "lapsed", what="a worker at work")
    with redis.Redis.from_url(installation.server.url) as valkey:
        valkey.execute_command("REPLICAOF", "127.0.0.1", "1")
        customer = {"email": "customer@example.com"}
        installation.runtime.engine.accept([installation.promise("P-1", due_in=2, customer=customer)])
        installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the lapse meanwhile")
        valkey.execute_command("REPLICAOF", "NO", "ONE")
    installation.wait(lambda: told(installation) == 1, what="the customer to be told")
    assert worker.pid in worker.group()
    assert installation.dead_letters() == []


def told(installation: Installation) -> int:
    """How many customers were told of a broken promise."""
    return sum(one["about"] == "broken_promise" for one in installation.notices())


@pytest.mark.exhaustive
@each_broker_of_its_own
def test_a_worker_starts_without_a_broker_and_works_when_there_is_one(
    sqlite_installation: Installation,
) -> None:
    sqlite_installation.server.stop()
    sqlite_installation.workers.start("--concurrency", "1")
    promise = sqlite_installation.promise("P-1", due_in=1, customer=CUSTOMER)
    sqlite_installation.runtime.engine.accept([promise])
    sqlite_installation.wait(
        lambda: sqlite_installation.state("promise:P-1") == "lapsed",
        what="its scheduler to decide by itself",
    )
    sqlite_installation.server.start()
    sqlite_installation.wait(lambda: sqlite_installation.notices(), what="its notice to go out")
