"""A receiver that takes so many a minute: what else is for it waits, untried, and all of it arrives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from state_machines.values.retry_policy import RetryPolicy
from tasks.channels.asked_time import AskedTime
from tasks.channels.port import NotAsked, Retry
from tests.tasks.outgoing import ADA, carriers, lapse, only, send
from tests.tasks.test_webhook import NEW
from tests.tasks.wire_server import Line, WireServer, http_answer, read_request
from tests.workflow.world import World
from workflow.engine.runtime import Runtime


class Talk:
    """With one address, over seconds that are a number here."""

    def __init__(self) -> None:
        self.now = 0.0
        self.time = AskedTime(lambda: self.now)

    def ask(self, error: Exception | None = None, address: str = "a") -> None:
        """Ask it, and have it answer so."""
        with self.time.asking(address):
            if error is not None:
                raise error


def test_who_asks_for_time_is_left_alone_for_so_long_and_nobody_else() -> None:
    talk = Talk()
    with pytest.raises(Retry, match="429"):
        talk.ask(Retry("429", 30.0))
    talk.now = 10.0
    with pytest.raises(NotAsked, match="asked for time") as waits:
        talk.ask()
    assert waits.value.after == 20.0
    talk.ask(address="b")
    talk.now = 30.0
    talk.ask()
    with pytest.raises(Retry, match="lost"):
        talk.ask(Retry("lost"))
    talk.ask()


def test_who_takes_nothing_however_often_is_no_reason_to_wait_for_ever() -> None:
    talk = Talk()
    counted = []
    for _ in range(6):
        for _ in range(2):  # at once: it counts once
            talk.time._rest("a", 30.0)
        with pytest.raises(Retry) as waits:
            talk.ask()
        counted.append(not isinstance(waits.value, NotAsked))
        talk.now += 30.0
    assert counted == [False, False, False, True, True, True]
    talk.ask()
    with pytest.raises(Retry):
        talk.ask(Retry("429", 30.0))
    with pytest.raises(NotAsked):
        talk.ask()


def test_all_that_a_receiver_takes_by_and_by_arrives(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20, two a minute: tried by each of them in turn, some would have been refused eight times."""
    runtime = replace(runtime, retries=RetryPolicy())
    begun = world.clock.now() + timedelta(hours=30)
    taken: Counter[int] = Counter()

    def talk(line: Line, server: WireServer) -> None:
        if read_request(line, server) is None:
            return
        minute = (world.clock.now() - begun) // timedelta(minutes=1)
        taken[minute] += 1
        line.say(http_answer(200) if taken[minute] <= 2 else http_answer(429, b"", "Retry-After: 60"))

    def seconds() -> float:
        return world.clock.now().timestamp()

    with WireServer(talk) as server:
        channels = carriers(server.port, webhook_secret=SecretStr(NEW), webhook_hosts=server.url)
        monkeypatch.setattr(channels["webhook"], "_asked", AskedTime(seconds))
        for number in range(20):
            lapse(world, f"P{number}", "webhook", ADA | {"url": f"{server.url}/in"})
        only(world)
        begun = world.clock.now()
        while any(one.state != "settled" for one in world.effects()):
            send(world, runtime, channels)
            world.clock.move_to(world.clock.now() + timedelta(seconds=30))
            assert world.clock.now() - begun < timedelta(minutes=20), Counter(
                one.state for one in world.effects()
            )
