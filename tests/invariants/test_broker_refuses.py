"""Invariant 5: what the broker does to one message is no harm to any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from state_machines.values.retry_policy import RetryPolicy
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import World, new_world
from workflow.engine.runtime import Runtime
from workflow.outbox.relay import Relay
from workflow.settings import Settings

LETTER = """
lifecycle: letter
version: 1
triggers: {post: {data: {queue: {type: string, required: true}}}}
states: [{name: posted}]
transitions:
  - trigger: post
    source: initial
    dest: posted
    effects: [{task: {name: shop.deliver, queue: =event.data.queue}}]
  - trigger: post_once
    source: initial
    dest: posted
    effects: [{task: {name: shop.deliver, queue: bad, retry: {not_on: message-refused}}}]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = new_world(f"sqlite:///{tmp_path / 'makegood.db'}", LETTER)
    yield world
    world.store.close()


@pytest.fixture
def runtime(world: World, valkey_url: str, tmp_path: Path) -> Runtime:
    settings = Settings(broker_url=valkey_url, data_dir=tmp_path)
    return Runtime(
        settings, world.store, world.engine.registry, world.clock, world.engine, RetryPolicy(max_attempts=3)
    )


def states(world: World) -> dict[str, str]:
    return {effect.queue: effect.state for effect in world.effects()}


def test_one_message_that_the_broker_refuses_holds_up_no_other(
    world: World, runtime: Runtime, valkey_url: str
) -> None:
    """A queue whose name is that of a key of another kind: Valkey answers WRONGTYPE, for ever."""
    with redis.Redis.from_url(valkey_url) as server:
        server.set("bad", "no list")
    for number, queue in enumerate(["first", "bad", "last"]):
        world.post("letter.post", f"letter:{number}", {"queue": queue})
    with Mailbox(runtime.settings) as mailbox:
        relay = Relay(runtime, mailbox.broker)
        relay.run()
        assert states(world) == {"first": "published", "bad": "pending", "last": "published"}
        assert len(mailbox.take("first")) == len(mailbox.take("last")) == 1
        for number, queue in enumerate(["a", "b", "c", "d"], start=3):
            world.clock.advance(timedelta(seconds=60))
            world.post("letter.post", f"letter:{number}", {"queue": queue})
            relay.run()
    found = states(world)
    assert found.pop("bad") == "dead", "after bounded attempts a person looks"
    assert set(found.values()) == {"published"}


@pytest.mark.parametrize("several", [1, 2])
def test_a_refused_message_is_not_tried_again_where_its_task_says_so(
    world: World, runtime: Runtime, valkey_url: str, several: int
) -> None:
    with redis.Redis.from_url(valkey_url) as server:
        server.set("bad", "no list")
    world.post("letter.post", "letter:1", {"queue": "first"})
    for number in range(2, 2 + several):
        world.post("letter.post_once", f"letter:{number}")
    with Mailbox(runtime.settings) as mailbox:
        Relay(runtime, mailbox.broker).run()
    assert states(world) == {"first": "published", "bad": "dead"}
    errors = [effect.error for effect in world.effects() if effect.queue == "bad"]
    assert len(errors) == several
    for error in errors:
        assert error.endswith("; given up since message-refused is not worth another try")


def test_a_refused_message_alone_waits_and_costs_nothing(
    world: World, runtime: Runtime, valkey_url: str
) -> None:
    """Nobody can tell then whether it is the message or the broker."""
    with redis.Redis.from_url(valkey_url) as server:
        server.set("bad", "no list")
        world.post("letter.post", "letter:1", {"queue": "bad"})
        with Mailbox(runtime.settings) as mailbox:
            Relay(runtime, mailbox.broker).run()
            (effect,) = world.effects()
            assert (effect.state, effect.attempts) == ("pending", 0)
            server.delete("bad")
            world.clock.advance(timedelta(seconds=60))
            Relay(runtime, mailbox.broker).run()
            assert states(world) == {"bad": "published"}
