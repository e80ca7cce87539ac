"""The Celery client: what it is told, where it finds its broker, and wake-ups that cost nobody anything."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import redis

from tests.servers import ValkeyServer
from tests.waiting import wait_until
from workflow.broker.app import celery_app
from workflow.broker.celery_settings import broker_url
from workflow.broker.client import Broker, shown, task_id
from workflow.broker.wake_ups import WakeUps
from workflow.clock import monotonic
from workflow.embedded.broker import plan_broker
from workflow.errors import BrokerUnreachable, SettingsError
from workflow.settings import Settings

NOWHERE = Settings(broker_url="redis://127.0.0.1:1/0")


def test_celery_is_told_what_follows_from_sql_being_the_truth() -> None:
    conf = celery_app(
        Settings(broker_url="redis://127.0.0.1:6379/0", lease_seconds=100, key_prefix="mg:")
    ).conf
    assert (conf.task_ignore_result, conf.result_backend) == (True, None)
    assert (conf.accept_content, conf.task_serializer, conf.event_serializer) == (["json"], "json", "json")
    assert (conf.task_acks_late, conf.worker_prefetch_multiplier, conf.task_publish_retry) == (
        False,
        1,
        False,
    )
    assert conf.task_soft_time_limit < conf.task_time_limit < 100
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.broker_transport_options["global_keyprefix"] == "mg:"
    assert conf.broker_transport_options["socket_keepalive"]
    assert (conf.beat_schedule, conf.worker_send_task_events, conf.task_send_sent_event) == ({}, True, True)


def test_rabbitmq_gets_no_options_of_redis() -> None:
    options = celery_app(Settings(broker_url="amqp://guest@localhost//")).conf.broker_transport_options
    assert "global_keyprefix" not in options
    assert "confirm_publish" not in options, "a worker's own connection must never wait for a confirmation"


def test_the_embedded_broker_is_found_through_the_data_directory(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(SettingsError, match="MAKEGOOD_BROKER_URL"):
        broker_url(settings)
    plan = plan_broker(tmp_path)
    assert broker_url(settings) == plan.url


def test_what_monitoring_shows_is_some_keys() -> None:
    assert shown([]) == "()"
    assert shown(["promise:A"]) == "(promise:A)"
    assert shown([f"promise:{n}" for n in range(9)]).endswith("promise:4, ...)")


def test_an_effect_has_one_task_id() -> None:
    assert task_id("promise:A/1/0") == task_id("promise:A/1/0") != task_id("promise:A/1/1")


def test_without_a_broker_sending_fails_at_once_by_one_name() -> None:
    broker = Broker(celery_app(NOWHERE))
    began = monotonic()
    for attempt in (lambda: broker.go("makegood.events.apply"), lambda: broker.accept([], "mg_x_y")):
        with pytest.raises(BrokerUnreachable):
            attempt()
    assert not broker.reachable()
    assert monotonic() - began < 5


def test_a_broker_that_is_there_is_reachable(valkey_url: str) -> None:
    assert Broker(celery_app(Settings(broker_url=valkey_url))).reachable()


def test_a_broker_that_answers_and_takes_nothing_is_not_reachable(valkey_server: ValkeyServer) -> None:
    broker = Broker(celery_app(Settings(broker_url=valkey_server.url)))
    with redis.Redis.from_url(valkey_server.url) as valkey:
        valkey.config_set("maxmemory", "1")
        assert not broker.reachable()
        valkey.config_set("maxmemory", "0")
        assert broker.reachable()
        valkey.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert not broker.reachable()
        valkey.execute_command("REPLICAOF", "NO", "ONE")
        assert broker.reachable()
        assert not valkey.keys("*probed*")


def test_a_wake_up_is_asked_for_without_waiting_and_without_failing() -> None:
    broker = Broker(celery_app(NOWHERE))
    for _ in range(1000):
        broker.wake_apply(["promise:A"])
    broker.close()


def test_wake_ups_close_together_become_one() -> None:
    sent: list[tuple[str, Sequence[str]]] = []
    first_is_out, may_go_on = threading.Event(), threading.Event()

    def send(task: str, subjects: Sequence[str]) -> None:
        sent.append((task, list(subjects)))
        first_is_out.set()
        may_go_on.wait(10)

    wake_ups = WakeUps(send)
    wake_ups.ask("apply", ["promise:0"])
    assert first_is_out.wait(10)
    for number in range(1, 500):
        wake_ups.ask("apply", [f"promise:{number}"])
    wake_ups.ask("fire", [])
    may_go_on.set()
    wait_until(lambda: len(sent) == 3, seconds=60, what="the rest to be sent as one of a kind")
    assert [task for task, _ in sent] == ["apply", "apply", "fire"]
    assert sent[1][1] == [f"promise:{number}" for number in range(1, 7)]
    wake_ups.close()


def test_what_was_asked_for_is_sent_before_the_end() -> None:
    sent: list[str] = []
    wake_ups = WakeUps(lambda task, subjects: sent.append(task))
    wake_ups.ask("apply", [])
    wake_ups.close()
    assert sent == ["apply"]
