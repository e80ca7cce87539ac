"""Agent-first calls from the claim to the end: the real callback, a server that speaks as Twilio does."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from tests.tasks.outgoing import carriers, send
from tests.tasks.wire_server import WireServer, answering, http_answer
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.recovery.reports import Report, Status, take
from workflow.recovery.telephony.calls import customer_to_connect

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CALLBACK = "callback:C-1"
TAKEN = answering(http_answer(201, orjson.dumps({"sid": "CA1", "status": "queued"})))
CUSTOMER = {"name": "Ada", "phone": "+442079460000", "zone": "Europe/London"}


@pytest.fixture
def ringing(world: World, runtime: Runtime) -> str:
    """The key of the call that rings at an agent's who has claimed a callback."""
    world.post(
        "callback.request", CALLBACK, {"customer": CUSTOMER, "about": "callback", "title": "t", "words": "w"}
    )
    return dialled(world, runtime, "kim@example.com")


def dialled(world: World, runtime: Runtime, by: str) -> str:
    """Claim it and have the agent's phone ring."""
    world.post("callback.claim", CALLBACK, {"by": by, "dial": "+15005550001"})
    with WireServer(TAKEN) as server:
        send(world, runtime, carriers(server.port, smtp_port=1))
    calls = [request.form for request in server.requests]
    assert [call["To"] for call in calls] == ["+15005550001"]
    return str([effect.key for effect in world.effects() if effect.target == "dial"][-1])


def said(world: World, key: str, status: Status, news: str, leg: str = "agent") -> None:
    """What Twilio reports of the call."""
    take(world.engine, Report(key, "dial", status, f"CA1/{leg}/{news}", news, "CA1"))
    world.settle()


def test_an_agent_who_does_not_answer_gives_the_callback_back_to_the_line(world: World, ringing: str) -> None:
    said(world, ringing, Status.ENDED, "agent_no_answer")
    assert world.state(CALLBACK) == "waiting"


@pytest.mark.parametrize("news", ["no_answer", "busy"])
def test_a_customer_who_does_not_answer_is_a_try_by_who_claimed_it(
    world: World, ringing: str, news: str
) -> None:
    said(world, ringing, Status.ACCEPTED, "ringing")
    said(world, ringing, Status.FAILED, news, "customer")
    assert world.state(CALLBACK) == "resting"
    assert len(world.data(CALLBACK)["tries"]) == 1


def test_a_conversation_leaves_it_to_the_agent_to_say_how_it_went(world: World, ringing: str) -> None:
    assert customer_to_connect(world.store, ringing, world.clock.now()) == "+442079460000"
    said(world, ringing, Status.ACCEPTED, "ringing")
    said(world, ringing, Status.DELIVERED, "connected", "customer")
    said(world, ringing, Status.ENDED, "agent_no_answer")
    assert world.state(CALLBACK) == "claimed"
    assert world.data(CALLBACK)["dialled"]["news"] == "connected"


def test_the_customer_is_not_called_by_two_nor_after_calling_first(
    world: World, runtime: Runtime, ringing: str
) -> None:
    said(world, ringing, Status.FAILED, "agent_no_answer")
    again = dialled(world, runtime, "lee@example.com")
    assert customer_to_connect(world.store, ringing, world.clock.now()) is None, (
        "though it is answered after all"
    )
    assert customer_to_connect(world.store, again, world.clock.now()) == "+442079460000"
    said(world, ringing, Status.FAILED, "busy", "customer")
    assert world.state(CALLBACK) == "claimed", "news of the first call are not about the second"
    world.post("callback.customer_calls", CALLBACK, {"by": "lee@example.com"})
    assert customer_to_connect(world.store, again, world.clock.now()) is None


def test_nobody_is_put_through_to_a_customer_whose_quiet_hours_have_begun_meanwhile(
    world: World, ringing: str
) -> None:
    quiet = CUSTOMER | {"quiet_hours": "10:05-11:00"}
    world.post("callback.customer_changed", CALLBACK, {"customer": quiet}, source="/makegood")
    before, after = world.clock.now(), world.clock.now() + timedelta(minutes=6)
    assert customer_to_connect(world.store, ringing, before) == "+442079460000"
    assert customer_to_connect(world.store, ringing, after) is None
    world.post(
        "callback.customer_changed",
        CALLBACK,
        {"customer": quiet | {"opted_out": ["live"]}},
        source="/makegood",
    )
    assert customer_to_connect(world.store, ringing, before) is None
