"""A mail server that takes a stranger's mail only when it is brought again after five minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from state_machines.values.retry_policy import RetryPolicy
from tests.tasks.mail_server import Behaviour, MailServer
from tests.tasks.outgoing import carriers, lapse, notice, only, send
from tests.workflow.world import World
from workflow.engine.runtime import Runtime

_GREY = timedelta(minutes=5)


@pytest.mark.parametrize("step", ["recipient", "message"])
def test_a_mail_waits_until_a_greylisting_server_takes_it(world: World, runtime: Runtime, step: str) -> None:
    runtime = replace(runtime, retries=RetryPolicy())
    lapse(world, "P", "email")
    only(world)
    began = world.clock.now()
    with MailServer(Behaviour(**{step: "451 4.7.1 Greylisted, come again in 300 seconds"})) as server:
        channels = carriers(server.port)
        while world.clock.now() - began < _GREY:
            send(world, runtime, channels)
            world.clock.move_to(world.clock.now() + timedelta(seconds=1))
        assert notice(world).state == "pending", notice(world).error
        setattr(server.behaviour, step, "250 ok")
        while notice(world).state == "pending":
            world.clock.move_to(world.clock.now() + timedelta(seconds=1))
            send(world, runtime, channels)
        assert notice(world).state == "settled"
        assert world.clock.now() - began < 2 * _GREY
        assert (notice(world).attempts, len(server.behaviour.messages()) > 0) == (6, True)
