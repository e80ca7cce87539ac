"""Sends whose outcome nobody knows end with a person: counted, never doubled, never dropped.

From a broken promise to the escalation, on both stores, over real connections: a mail server that dies after
DATA, and an HTTP server that closes after the body.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.tasks.outgoing import carriers, escalations, lapse, look, notice, only, send
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.wire_server import Line, Talk, WireServer, after_request
from tests.workflow.world import World
from workflow.api.http.store_metrics import StoreCollector
from workflow.engine.runtime import Runtime
from workflow.recovery.notice_counts import notice_counts

DIES: dict[str, Talk] = {
    "email": smtp_talk("message", Line.break_off),
    "sms": after_request(Line.break_off),
}

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the store has no part in."""


def arrived(server: WireServer) -> int:
    """How often the other side got the whole of it."""
    return len(server.requests) + len(server.messages)


@pytest.mark.parametrize("channel", DIES)
def test_a_send_that_may_have_gone_out_goes_to_one_person_and_never_again_to_the_customer(
    world: World, runtime: Runtime, channel: str
) -> None:
    key = lapse(world, "P", channel)
    only(world)
    with WireServer(DIES[channel]) as server:
        carried = carriers(server.port)
        assert send(world, runtime, carried) == 1
        for _ in range(3):
            look(world)
            only(world)
            world.advance(timedelta(minutes=40))
            send(world, runtime, carried)
    assert arrived(server) == 1, "it was handed over once"
    assert notice(world).state == "unknown"
    ((escalation, state, data),) = escalations(world, "unknown_outcome")
    assert state in ("asking", "notified"), "a person is told, again and again, until somebody takes it on"
    assert (data["subject"], data["effect"]) == (key, notice(world).key)
    assert "after the" in data["words"]
    assert notice(world).payload["words"] in data["words"], "the person knows what was to be said"
    assert world.data(escalation)["customer"]["name"] == "Ada"
    assert notice_counts(world.store)[channel, "unknown"] == 1


def test_what_is_unknown_is_counted_where_operators_look_and_stays_counted(
    world: World, runtime: Runtime
) -> None:
    for name in ("P", "Q"):
        lapse(world, name, "sms")
    only(world)
    with WireServer(DIES["sms"]) as server:
        send(world, runtime, carriers(server.port))
    look(world)
    look(world)
    for settled_by_a_person in (False, True):
        if settled_by_a_person:
            with world.store.begin() as transaction:
                transaction.connection.exec_driver_sql(
                    "update outbox set state = 'settled' where state = 'unknown'"
                )
        metrics = list(StoreCollector(world.store, world.clock, world.engine.registry.triggers).collect())
        (family,) = (one for one in metrics if one.name == "makegood_notices")
        counted = {sample.labels["receipt"]: sample.value for sample in family.samples if sample.value}
        assert counted["unknown"] == 2
        assert {sample.name for sample in family.samples} == {"makegood_notices_total"}


@ON_SQLITE
def test_a_person_who_cannot_be_told_of_it_is_no_new_case_for_a_person(
    world: World, runtime: Runtime
) -> None:
    """Else a mail server that always dies would make escalations about escalations without end."""
    lapse(world, "P", "email")
    with WireServer(DIES["email"]) as server:
        carried = carriers(server.port)
        for _ in range(4):
            send(world, runtime, carried)
            look(world)
            world.advance(timedelta(minutes=20))
    about = [data["effect"] for _, _, data in escalations(world, "unknown_outcome")]
    assert notice(world).key in about
    assert len(about) == len(set(about)), "each once"
    assert not [effect for effect in about if effect.startswith("escalation:")]


@ON_SQLITE
def test_what_a_customer_could_not_be_told_a_person_tells_and_what_a_colleague_could_not_is_a_dead_letter(
    world: World, runtime: Runtime
) -> None:
    lapse(world, "P", "sms", {"name": "Ada", "phone": "nobody knows it"}, owner="no body@shop.example")
    with WireServer(DIES["sms"]) as server:
        for _ in range(3):
            send(world, runtime, carriers(server.port))
            look(world)
    dead = {effect.payload["about"] for effect in world.effects() if effect.state == "dead"}
    assert {"broken_promise", "nudge"} <= dead
    ((_, _, data),) = escalations(world, "undelivered")
    assert data["effect"] == notice(world).key
    assert notice(world).payload["words"] in data["words"]
    assert server.connections == 0
