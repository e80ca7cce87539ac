"""The bell: who stands by hears it at once, and who leaves knows whether somebody rang before all knew."""

from __future__ import annotations

import pytest
import redis

from tests.servers import ValkeyServer
from workflow.bell import EVENTS, TIMERS, Bell
from workflow.broker import Broker, celery_app
from workflow.errors import BrokerUnreachable
from workflow.settings import Settings
from workflow.task_names import APPLY, FIRE, QUEUE, RELAY, SOON_QUEUE


def bell_at(url: str, **changes: str) -> Bell:
    """Of one process of an installation whose broker is there."""
    return Bell(celery_app(Settings(broker_url=url, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["", "mg:"])
def test_all_who_listen_hear_it_and_who_rings_knows_whether_anybody_did(valkey_url: str, prefix: str) -> None:
    ringing = bell_at(valkey_url, key_prefix=prefix)
    assert not ringing.ring(EVENTS)
    ears = [bell_at(valkey_url, key_prefix=prefix).listen() for _ in range(2)]
    assert ringing.listeners() == 2
    assert ringing.ring(EVENTS)
    assert ringing.ring(TIMERS)
    for ear in ears:
        assert ear is not None
        heard = ear.wait(10)
        assert heard | ear.wait(10 if heard != {EVENTS, TIMERS} else 0) == {EVENTS, TIMERS}
        assert ear.wait(0) == frozenset()
    with redis.Redis.from_url(valkey_url) as server:
        (channel,) = server.pubsub_channels()
    assert channel.startswith(f"{prefix}{QUEUE}.bell.".encode())


def test_who_leaves_learns_of_a_ring_that_was_meant_for_it(valkey_url: str) -> None:
    ringing, bell = bell_at(valkey_url), bell_at(valkey_url)
    for expected in (frozenset[str](), frozenset({EVENTS})):
        ear = bell.listen()
        assert ear is not None
        if expected:
            assert ringing.ring(EVENTS)
        assert ear.leave() == expected
        assert ringing.listeners() == 0
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
    bell = bell_at(url)
    assert (bell.ring(EVENTS), bell.listeners(), bell.listen()) == (False, 0, None)


def test_a_lost_connection_is_told_and_the_next_one_is_fresh(valkey_server: ValkeyServer) -> None:
    bell, ringing = bell_at(valkey_server.url), bell_at(valkey_server.url)
    ear = bell.listen()
    assert ear is not None
    assert ringing.ring(EVENTS)
    valkey_server.stop()
    with pytest.raises(BrokerUnreachable):
        while True:
            ear.wait(10)
    with pytest.raises(BrokerUnreachable):
        ear.leave()
    assert not ringing.ring(EVENTS)
    valkey_server.start()
    again = bell.listen()
    assert again is not None
    assert ringing.ring(TIMERS) or ringing.ring(TIMERS), "the first may still find the old connection"
    assert again.wait(10) == {TIMERS}


def test_a_wake_up_is_a_message_only_when_nobody_stands_by(valkey_url: str) -> None:
    settings = Settings(broker_url=valkey_url)
    broker = Broker(celery_app(settings))
    with redis.Redis.from_url(valkey_url) as server:
        ear = bell_at(valkey_url).listen()
        assert ear is not None
        assert broker.wake(APPLY, ["promise:A"])
        assert broker.wake(FIRE)
        assert server.llen(QUEUE) == 0
        ear.leave()
        assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 1
        for _ in range(9):
            assert not broker.wake(APPLY, ["promise:A"])
        assert server.llen(QUEUE) == 2, "who takes them finds whatever came before"
        assert not broker.wake(RELAY), "nobody stands by for that"
        assert server.llen(SOON_QUEUE) == 1
