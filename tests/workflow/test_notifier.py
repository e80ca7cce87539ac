"""The bell: who stands by hears it at once, and who leaves knows whether somebody rang before all knew."""

from __future__ import annotations

import pytest
import redis

from tests.servers import ValkeyServer
from workflow.broker.client import Broker, celery_app
from workflow.broker.notifier import Notifier
from workflow.broker.task_names import APPLY, FIRE, QUEUE, RELAY, SOON_QUEUE
from workflow.engine.turns import EVENTS, TIMERS
from workflow.errors import BrokerUnreachable
from workflow.settings import Settings


def bell_at(url: str, **changes: str) -> Notifier:
    """Of one process of an installation whose broker is there."""
    return Notifier(celery_app(Settings(broker_url=url, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["", "mg:"])
def test_all_who_listen_hear_it_and_who_rings_knows_whether_anybody_did(valkey_url: str, prefix: str) -> None:
    ringing = bell_at(valkey_url, key_prefix=prefix)
    assert not ringing.ring(EVENTS)
    ears = [bell_at(valkey_url, key_prefix=prefix).listen() for _ in range(2)]
    assert ringing.subscribers() == 2
    assert ringing.ring(EVENTS)
    assert ringing.ring(TIMERS)
    for subscription in ears:
        assert subscription is not None
        heard = subscription.wait(10)
        assert heard | subscription.wait(10 if heard != {EVENTS, TIMERS} else 0) == {EVENTS, TIMERS}
        assert subscription.wait(0) == frozenset()
    with redis.Redis.from_url(valkey_url) as server:
        (channel,) = server.pubsub_channels()
    assert channel.startswith(f"{prefix}{QUEUE}.bell.".encode())


def test_who_leaves_learns_of_a_ring_that_was_meant_for_it(valkey_url: str) -> None:
    ringing, notifier = bell_at(valkey_url), bell_at(valkey_url)
    for expected in (frozenset[str](), frozenset({EVENTS})):
        subscription = notifier.listen()
        assert subscription is not None
        if expected:
            assert ringing.ring(EVENTS)
        assert subscription.leave() == expected
        assert ringing.subscribers() == 0
        assert not ringing.ring(EVENTS)


def test_installations_on_one_broker_do_not_hear_each_other(valkey_url: str) -> None:
    ours = bell_at(valkey_url, database_url="postgresql://a:secret@db:5432/ours")
    theirs = bell_at(valkey_url, database_url="postgresql://a:secret@db:5432/theirs")
    same = bell_at(valkey_url, database_url="postgresql://another:word@db:5432/ours")
    assert ours.listen() is not None
    assert not theirs.ring(EVENTS)
    assert same.ring(EVENTS)


@pytest.mark.parametrize("url", ["memory://", "redis://127.0.0.1:1/0"])
def test_where_there_is_no_redis_the_bell_is_mute(url: str) -> None:
    notifier = bell_at(url)
    assert (notifier.ring(EVENTS), notifier.subscribers(), notifier.listen()) == (False, 0, None)


def test_a_lost_connection_is_told_and_the_next_one_is_fresh(valkey_server: ValkeyServer) -> None:
    notifier, ringing = bell_at(valkey_server.url), bell_at(valkey_server.url)
    subscription = notifier.listen()
    assert subscription is not None
    assert ringing.ring(EVENTS)
    valkey_server.stop()
    with pytest.raises(BrokerUnreachable):
        while True:
            subscription.wait(10)
    with pytest.raises(BrokerUnreachable):
        subscription.leave()
    assert not ringing.ring(EVENTS)
    valkey_server.start()
    again = notifier.listen()
    assert again is not None
    assert ringing.ring(TIMERS) or ringing.ring(TIMERS), "the first may still find the old connection"
    assert again.wait(10) == {TIMERS}


def test_a_wake_up_is_a_message_only_when_nobody_stands_by(valkey_url: str) -> None:
    settings = Settings(broker_url=valkey_url)
    broker = Broker(celery_app(settings))
    with redis.Redis.from_url(valkey_url) as server:
        subscription = bell_at(valkey_url).listen()
        assert subscription is not None
        assert broker.wake(APPLY, ["promise:A"])
        assert broker.wake(FIRE)
        assert server.llen(QUEUE) == 0
        subscription.leave()
        assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 1
        for _ in range(9):
            assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 2, "who takes them finds whatever came before"
        assert not broker.wake(RELAY), "nobody stands by for that"
        assert server.llen(SOON_QUEUE) == 1
