"""Notices about what a definition declares itself: its properties go along with them, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from state_machines.notices.topics import Priority
from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Rejected
from tasks.sending.sender import NoticeSender
from tests.tasks.mailbox import Mailbox
from tests.tasks.outgoing import escalations, look
from tests.workflow.world import World, new_world
from workflow.broker.task_names import QUEUES
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.relay import Relay
from workflow.recovery.reports import Report, Status, take

ADA = "customer:C-7"
KNOWN = {"name": "Ada", "email": "ada@shop.example", "phone": "+4930123456", "zone": "UTC"}
BEN = "ben@shop.example"
RECALL = """
lifecycle: recall
version: 1
topics:
  danger: {urgent: true, priority: answer}
  restock: {for: colleagues, priority: act}
  leaflet: {}
triggers:
  say: {data: {about: {type: string, required: true}, to: {required: true}}}
states: [said]
transitions:
  - trigger: say
    source: [initial, said]
    dest: said
    effects:
      - {when: event.data.about == 'danger', notice: {to: =event.data.to, channel: preferred, about: danger, title: Danger, words: Stop}}
      - {when: event.data.about == 'restock', notice: {to: =event.data.to, about: restock, title: Restock, words: Order}}
      - {when: event.data.about == 'leaflet', notice: {to: =event.data.to, channel: preferred, about: leaflet, title: Leaflet, words: Read}}
      - {when: event.data.about == 'news', notice: {to: =event.data.to, channel: preferred, about: news, title: News, words: Read}}
"""  # noqa: E501


class Letters:
    """Takes whatever it is given, unless it is to answer with an error."""

    def __init__(self, answer: Exception | None = None) -> None:
        self.answer = answer
        self.sent: list[Notice] = []

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Take it."""
        if self.answer is not None:
            raise self.answer
        self.sent.append(notice)
        return Receipt(notice.channel, idempotency_key)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog, and a lifecycle with words of its own."""
    world = new_world(database_url, RECALL)
    yield world
    world.store.close()


def say(world: World, *topics: str, to: Any = None) -> list[Any]:
    """Ask for a notice about each; their rows."""
    for about in topics:
        world.post("recall.say", "recall:1", {"about": about, "to": to or {"key": ADA}})
    return [one for one in world.effects() if one.key.startswith("recall:")]


def send(world: World, runtime: Runtime, letters: Letters) -> list[Any]:
    """Send what is due; the rows of the notices."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    if rows:
        carried = {"email": letters, "sms": letters}
        NoticeSender(runtime, carried).run([row.id for row in rows], rows[0].token, 60.0)
    world.settle()
    return [one for one in world.effects() if one.key.startswith("recall:")]


def test_what_is_declared_goes_along_and_decides_what_goes_first(world: World) -> None:
    rows = say(world, "leaflet", "danger", "news", "restock")
    assert [(one.payload["about"], one.priority) for one in rows] == [
        ("leaflet", Priority.INFORM),
        ("danger", Priority.ANSWER),
        ("news", Priority.INFORM),
        ("restock", Priority.ACT),
    ]
    assert [one.payload.get("topic") for one in rows] == [
        {"colleagues": False, "urgent": False, "by_person": False, "priority": "inform"},
        {"colleagues": False, "urgent": True, "by_person": False, "priority": "answer"},
        None,
        {"colleagues": True, "urgent": False, "by_person": False, "priority": "act"},
    ]


def test_what_somebody_must_do_goes_by_the_preferred_queue(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    say(world, "leaflet", "restock")
    Relay(runtime, mailbox.broker).run()
    first, later = QUEUES.split(",")[0], QUEUES.split(",")[-1]
    rows = {one.payload["about"]: one.id for one in world.effects() if one.key.startswith("recall:")}
    assert [message.args[0] for message in mailbox.take(first)] == [[rows["restock"]]]
    assert [message.args[0] for message in mailbox.take(later)] == [[rows["leaflet"]]]


def test_an_urgent_topic_waits_for_no_cap_and_goes_alone(world: World, runtime: Runtime) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    letters = Letters()
    say(world, "leaflet", "leaflet", "news")
    send(world, runtime, letters)
    say(world, "danger")
    rows = send(world, runtime, letters)
    assert [one.title for one in letters.sent] == ["Leaflet", "Danger"]
    assert [one.state for one in rows] == ["settled", "pending", "pending", "settled"]
    world.advance(timedelta(days=1))
    send(world, runtime, letters)
    (digest,) = letters.sent[2:]
    assert (digest.title, digest.about, digest.declared) == ("Leaflet · News", "news", None)


def test_colleagues_wait_for_no_cap_and_are_never_called_instead(world: World, runtime: Runtime) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    letters = Letters()
    say(world, "restock", "restock")
    send(world, runtime, letters)
    assert [one.title for one in letters.sent] == ["Restock", "Restock"]
    say(world, "restock", to={"name": "Ben", "phone": "+4930", "opted_out": ["sms"]})
    (*_, last) = send(world, runtime, letters)
    assert last.state == "dead", "a customer would be called"


@pytest.mark.parametrize(("about", "person"), [("leaflet", True), ("restock", False), ("news", True)])
def test_a_customer_who_could_not_be_told_finds_a_person_and_a_colleague_does_not(
    world: World, runtime: Runtime, about: str, person: bool
) -> None:
    say(world, about, to=BEN)
    (row,) = send(world, runtime, Letters(Rejected("nobody there [no-such-address]")))
    assert row.state == "dead"
    look(world)
    asked = escalations(world, "undelivered")
    assert [data["effect"] for _, _, data in asked] == ([row.key] if person else [])
    assert [data.get("customer") for _, _, data in asked] == ([BEN] if person else [])


@pytest.mark.parametrize(("about", "customer"), [("leaflet", BEN), ("restock", None), ("news", BEN)])
def test_who_finds_out_what_became_of_a_notice_calls_a_customer_and_no_colleague(
    world: World, runtime: Runtime, about: str, customer: str | None
) -> None:
    say(world, about, to=BEN)
    (row,) = send(world, runtime, Letters(OutcomeUnknown("the other side hung up [lost]")))
    assert row.state == "unknown"
    look(world)
    ((_, _, data),) = escalations(world, "unknown_outcome")
    assert (data["effect"], data.get("customer")) == (row.key, customer)


@pytest.mark.parametrize(("about", "customer"), [("leaflet", BEN), ("restock", None), ("news", BEN)])
def test_a_report_names_the_customer_and_no_colleague(
    world: World, runtime: Runtime, about: str, customer: str | None
) -> None:
    say(world, about, to=BEN)
    (row,) = send(world, runtime, Letters())
    take(world.engine, Report(row.key, channel="email", status=Status.FAILED, identity="r-1"))
    world.settle()
    assert world.data(f"delivery:{row.id}").get("customer") == customer
