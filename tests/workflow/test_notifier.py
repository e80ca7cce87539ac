"""The notifier: listeners are notified at once, and one that ends knows of what came before all knew."""

from __future__ import annotations

import pytest
import redis

from tests.servers import ValkeyServer
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.broker.notifier import Notifier
from workflow.broker.task_names import APPLY, FIRE, QUEUE, RELAY, SOON_QUEUE
from workflow.engine.turns import EVENTS, TIMERS
from workflow.errors import BrokerUnreachable
from workflow.settings import Settings


def notifier_at(url: str, **changes: str) -> Notifier:
    """Of one process of an installation whose broker is there."""
    return Notifier(celery_app(Settings(broker_url=url, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["", "mg:"])
def test_all_who_listen_are_notified_and_the_sender_knows_if_any_does(valkey_url: str, prefix: str) -> None:
    sender = notifier_at(valkey_url, key_prefix=prefix)
    assert not sender.notify(EVENTS)
    subscriptions = [notifier_at(valkey_url, key_prefix=prefix).subscribe() for _ in range(2)]
    assert sender.subscribers() == 2
    assert sender.notify(EVENTS)
    assert sender.notify(TIMERS)
    for subscription in subscriptions:
        assert subscription is not None
        heard = subscription.wait(10)
        assert heard | subscription.wait(10 if heard != {EVENTS, TIMERS} else 0) == {EVENTS, TIMERS}
        assert subscription.wait(0) == frozenset()
    with redis.Redis.from_url(valkey_url) as server:
        (channel,) = server.pubsub_channels()
    assert channel.startswith(f"{prefix}{QUEUE}.bell.".encode())


def test_who_ends_learns_of_a_notification_that_was_meant_for_it(valkey_url: str) -> None:
    sender, notifier = notifier_at(valkey_url), notifier_at(valkey_url)
    for expected in (frozenset[str](), frozenset({EVENTS})):
        subscription = notifier.subscribe()
        assert subscription is not None
        if expected:
            assert sender.notify(EVENTS)
        assert subscription.end() == expected
        assert sender.subscribers() == 0
        assert not sender.notify(EVENTS)


def test_installations_on_one_broker_do_not_notify_each_other(valkey_url: str) -> None:
    ours = notifier_at(valkey_url, database_url="postgresql://a:secret@db:5432/ours")
    theirs = notifier_at(valkey_url, database_url="postgresql://a:secret@db:5432/theirs")
    same = notifier_at(valkey_url, database_url="postgresql://another:word@db:5432/ours")
    assert ours.subscribe() is not None
    assert not theirs.notify(EVENTS)
    assert same.notify(EVENTS)


@pytest.mark.parametrize("url", ["memory://", "redis://127.0.0.1:1/0"])
def test_where_there_is_no_redis_nobody_is_notified(url: str) -> None:
    notifier = notifier_at(url)
    assert (notifier.notify(EVENTS), notifier.subscribers(), notifier.subscribe()) == (False, 0, None)


def test_a_lost_connection_is_told_and_the_next_one_is_fresh(valkey_server: ValkeyServer) -> None:
    notifier, sender = notifier_at(valkey_server.url), notifier_at(valkey_server.url)
    subscription = notifier.subscribe()
    assert subscription is not None
    assert sender.notify(EVENTS)
    valkey_server.stop()
    with pytest.raises(BrokerUnreachable):
        while True:
            subscription.wait(10)
    with pytest.raises(BrokerUnreachable):
        subscription.end()
    assert not sender.notify(EVENTS)
    valkey_server.start()
    again = notifier.subscribe()
    assert again is not None
    assert sender.notify(TIMERS) or sender.notify(TIMERS), "the first may still find the old connection"
    assert again.wait(10) == {TIMERS}


def test_a_wake_up_is_a_message_only_when_nobody_listens(valkey_url: str) -> None:
    settings = Settings(broker_url=valkey_url)
    broker = Broker(celery_app(settings))
    with redis.Redis.from_url(valkey_url) as server:
        subscription = notifier_at(valkey_url).subscribe()
        assert subscription is not None
        assert broker.wake(APPLY, ["promise:A"])
        assert broker.wake(FIRE)
        assert server.llen(QUEUE) == 0
        subscription.end()
        assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 1
        for _ in range(9):
            assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 2, "who takes them finds whatever came before"
        assert not broker.wake(RELAY), "nobody listens for that"
        assert server.llen(SOON_QUEUE) == 1
