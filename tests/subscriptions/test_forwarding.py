"""Changes go to whoever has subscribed: all of them, each subject's in order, until they are taken."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.forwarding.forwarder import EVERY
from tasks.scheduler.sweep import sweep
from tests.subscriptions.conftest import Outlet
from tests.subscriptions.receiving import Receiver, Reply
from tests.tasks.wire_server import Line, WireServer, after_request
from tests.waiting import wait_until
from workflow.clock import monotonic
from workflow.queries.subjects import subjects
from workflow.recovery.subscription_news import warn_of_failing_subscriptions
from workflow.subscriptions import attempts, book, turns
from workflow.subscriptions.subscription import SubscriptionStatus


def opened_subjects(outlet: Outlet, lifecycle: str) -> list[str]:
    return [one.key for one in subjects(outlet.world.store, lifecycle=lifecycle).items]


def test_a_change_goes_out_signed_as_a_cloudevent(outlet: Outlet, receiver: Receiver) -> None:
    outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    (got,) = receiver.received
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert got.id == "lamp:A/1"
    assert (got.change["id"], got.change["type"], got.change["specversion"]) == (
        "lamp:A/1",
        "makegood.lamp.press",
        "1.0",
    )
    assert got.change["data"]["state"] == {"before": "initial", "after": "on"}
    assert receiver.unverified == []


def test_only_what_was_committed_after_the_subscription_and_is_wanted(
    outlet: Outlet, receiver: Receiver
) -> None:
    outlet.decide("before")
    outlet.subscribe(
        receiver, lifecycles=["lamp"], outcomes=["moved"], condition="change.subject.startsWith('lamp:A')"
    )
    outlet.decide("A", "A", "B", "A-2")  # the second press of A is refused: a lamp that is on
    outlet.turns()
    assert sorted(receiver.ids()) == ["lamp:A-2/1", "lamp:A/1"]


def test_a_turn_looks_further_where_its_condition_is_for_few(outlet: Outlet, receiver: Receiver) -> None:
    outlet.subscribe(receiver, condition="change.subject.endsWith('9')")
    lamps = [f"L{n}" for n in range(250)]
    outlet.decide(*lamps)
    outlet.turns(most=1)
    assert sorted(receiver.ids()) == sorted(f"lamp:{one}/1" for one in lamps if one.endswith("9"))


@pytest.mark.parametrize(
    ("condition", "came", "rows"),
    [
        # Four at most are sent in a turn, and the next goes on behind the fourth.
        ("change.subject.matches('[02468]$')", [4, 8, 12, 12], [7, 15, 23, 24]),
        # Rows are read by four, and ten are enough.
        ("change.subject.matches('[05]$')", [3, 5], [12, 24]),
        ("false", [0, 0], [12, 24]),
    ],
)
def test_a_turn_sends_so_many_and_looks_at_so_many_at_most(
    outlet: Outlet,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    condition: str,
    came: list[int],
    rows: list[int],
) -> None:
    monkeypatch.setattr(turns, "AT_ONCE", 4)
    monkeypatch.setattr(turns, "LOOKED_AT", 10)
    subscription = outlet.subscribe(receiver, condition=condition)
    began = outlet.position(subscription)
    outlet.decide(*(f"L{n}" for n in range(24)))
    found = []
    for _ in came:
        outlet.turns(most=1)
        found.append((len(receiver.received), outlet.position(subscription) - began))
    assert found == list(zip(came, rows, strict=True))


def test_a_name_that_no_server_answers_holds_up_nobody_else(
    outlet: Outlet, opened: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        if "silent" in str(host):
            answered.wait(120)
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    well, elsewhere = opened(), opened()
    wanted = {outlet.subscribe(elsewhere): f"http://silent-{number}.example/" for number in range(40)}
    wanted[outlet.subscribe(well)] = well.url.replace("127.0.0.1", "quick.example")
    for subscription, url in wanted.items():
        book.change(outlet.world.store, subscription, {"url": url}, outlet.world.clock.now())
    outlet.decide("A", "B")
    began = monotonic()

    def over() -> bool:
        clock = outlet.world.clock  # a turn that came too early to see a change is followed by another
        clock.move_to(clock.now() + timedelta(seconds=EVERY))
        if len(well.ids()) == 2 or monotonic() - began > 60:
            answered.set()
        return answered.is_set()

    asyncio.run(outlet.forwarder.run(over))
    assert sorted(well.ids()) == ["lamp:A/1", "lamp:B/1"]


def test_what_is_not_committed_is_not_sent(outlet: Outlet, receiver: Receiver) -> None:
    outlet.subscribe(receiver)
    outlet.world.engine.accept([outlet.world.event("lamp.press", "lamp:A", {"level": 1})])
    outlet.turns()
    assert receiver.received == []
    outlet.world.settle()
    outlet.turns()
    assert receiver.ids() == ["lamp:A/1"]


def test_what_is_not_taken_comes_again_under_the_same_id_and_holds_up_its_subject_alone(
    outlet: Outlet, receiver: Receiver
) -> None:
    def refuses_once(change: dict[str, Any], times: int) -> Reply:
        return Reply(500) if change["id"] == "lamp:A/1" and times < 2 else Reply()

    receiver.behaviour = refuses_once
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "B", "A", "C")
    outlet.turns()
    assert sorted(receiver.ids()) == ["lamp:B/1", "lamp:C/1"]
    outlet.decide("A", "B")
    outlet.turns()
    assert sorted(receiver.ids()) == ["lamp:B/1", "lamp:B/2", "lamp:C/1"]
    assert outlet.found(subscription).held == 3
    outlet.later(seconds=5)
    outlet.later(seconds=10)
    assert receiver.by_subject()["lamp:A"] == [1, 2, 3]
    assert [one.id for one in receiver.received if one.change["id"] == "lamp:A/1"] == ["lamp:A/1"] * 3
    assert len({one.change["id"] for one in receiver.received}) == 6
    assert (outlet.found(subscription).held, outlet.found(subscription).failing_since) == (0, None)


def test_a_late_answer_is_none_and_the_same_id_comes_again(outlet: Outlet, receiver: Receiver) -> None:
    receiver.behaviour = lambda _, times: Reply(seconds=0.0 if times else 3.0)
    outlet.settings = outlet.settings.model_copy(update={"subscription_seconds": 1.0})
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    (tried,) = attempts.attempts(outlet.world.store, subscription).items
    assert (tried.status, tried.error, tried.number) == (None, "late", 1)
    outlet.settings = outlet.settings.model_copy(update={"subscription_seconds": 20.0})
    outlet.later(seconds=5)
    wait_until(lambda: len(receiver.received) == 2, seconds=60, what="the late answer")
    assert {one.id for one in receiver.received} == {"lamp:A/1"}
    again, first = attempts.attempts(outlet.world.store, subscription).items
    assert (again.status, again.answer, again.number, first.error) == (200, "thanks", 2, "late")


def test_an_answer_that_drips_or_that_nobody_can_read_is_one_attempt(
    outlet: Outlet, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status holds after a quarter of its time; what no library can read is the receiver's failure."""
    outlet.settings = outlet.settings.model_copy(update={"subscription_seconds": 2.0})
    subscription = outlet.subscribe(receiver)
    with WireServer(after_request(_drips)) as dripping:
        change = {"url": f"{dripping.url}/hook"}
        book.change(outlet.world.store, subscription, change, outlet.world.clock.now())
        outlet.decide("A")
        outlet.turns()
    (tried,) = attempts.attempts(outlet.world.store, subscription).items
    assert tried.status == 200 and tried.milliseconds < 1900
    change = {"url": receiver.url}
    book.change(outlet.world.store, subscription, change, outlet.world.clock.now())
    monkeypatch.setattr("tasks.forwarding.receiver.retry_after", lambda _: int("nothing that is foreseen"))
    outlet.decide("B")
    outlet.turns()
    assert len(attempts.attempts(outlet.world.store, subscription).items) == 2


def _drips(line: Line) -> None:
    line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    line.drip(b"x")


def test_a_zone_that_no_number_holds_is_no_time_that_is_asked_for(outlet: Outlet, receiver: Receiver) -> None:
    until = "Mon, 02 Mar 2026 10:05:00 +9999999999999"
    receiver.behaviour = lambda _, times: Reply() if times else Reply(429, {"Retry-After": until})
    outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    outlet.later(seconds=5)
    assert receiver.ids() == ["lamp:A/1"]


def test_whoever_asks_for_time_gets_it(outlet: Outlet, receiver: Receiver) -> None:
    receiver.behaviour = lambda _, times: Reply() if times else Reply(503, {"Retry-After": "120"})
    outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    outlet.later(seconds=119)
    assert len(receiver.received) == 1
    outlet.later(seconds=2)
    assert receiver.ids() == ["lamp:A/1"]


def test_a_dead_receiver_is_asked_seldom_and_nobody_waits_for_it(
    outlet: Outlet, receiver: Receiver, opened: Callable[..., Receiver]
) -> None:
    dead = opened(behaviour=lambda _, __: Reply(500))
    subscription = outlet.subscribe(dead)
    outlet.subscribe(receiver)
    lamps = [f"L{n}" for n in range(300)]
    outlet.decide(*lamps)
    outlet.turns()
    assert sorted(receiver.ids()) == sorted(f"lamp:{one}/1" for one in lamps)
    assert len(dead.received) <= 10, "it was not asked about everything"
    before = len(dead.received)
    outlet.later(seconds=6)
    assert len(dead.received) == before + 1, "whether it is there again, one change tells"
    dead.behaviour = lambda _, __: Reply()
    outlet.later(seconds=60)
    assert sorted(dead.ids()) == sorted(f"lamp:{one}/1" for one in lamps)
    assert outlet.found(subscription).held == 0


def test_a_subscription_that_failed_for_days_is_disabled_and_a_person_hears(
    outlet: Outlet, receiver: Receiver
) -> None:
    receiver.behaviour = lambda _, __: Reply(500)
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    outlet.later(days=2)
    assert outlet.found(subscription).status is SubscriptionStatus.ACTIVE
    outlet.later(days=1.1)
    found = outlet.found(subscription)
    assert (found.status, found.reason) == (
        SubscriptionStatus.DISABLED,
        "lamp:A/1 has not arrived for 3 days: answered 500",
    )
    sweep(outlet.world.engine, outlet.world.clock)
    sweep(outlet.world.engine, outlet.world.clock)
    outlet.world.settle()
    escalations = [
        one
        for one in opened_subjects(outlet, "escalation")
        if one.startswith(f"escalation:subscription-{subscription}-")
    ]
    assert len(escalations) == 1, "a person hears of it, once"
    receiver.behaviour = lambda _, __: Reply()
    outlet.decide("A")
    outlet.turns()
    assert receiver.ids() == []
    book.change(
        outlet.world.store,
        subscription,
        {"status": SubscriptionStatus.ACTIVE.value},
        outlet.world.clock.now(),
    )
    outlet.turns()
    assert receiver.by_subject()["lamp:A"] == [1, 2]


def test_a_person_hears_a_day_before_a_subscription_is_disabled_and_once(
    outlet: Outlet, receiver: Receiver
) -> None:
    receiver.behaviour = lambda _, __: Reply(500)
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "B")
    outlet.turns()
    engine, clock = outlet.world.engine, outlet.world.clock
    outlet.later(days=1.9)
    assert warn_of_failing_subscriptions(engine, clock.now(), timedelta(days=3)) == 0, "it is early yet"
    outlet.later(hours=3)
    assert outlet.found(subscription).status is SubscriptionStatus.ACTIVE
    told = [warn_of_failing_subscriptions(engine, clock.now(), timedelta(days=3)) for _ in range(2)]
    assert told == [1, 0]
    outlet.world.settle()
    (warned,) = [one for one in opened_subjects(outlet, "escalation") if "-fails-" in one]
    words = outlet.world.data(warned)["words"]
    assert subscription in words and "does not arrive" in words and "UTC" in words
    assert receiver.url not in words, "an address may hold a secret"
    receiver.behaviour = lambda _, __: Reply()
    outlet.later(hours=6)
    assert outlet.found(subscription).held == 0
    assert warn_of_failing_subscriptions(engine, clock.now() + timedelta(days=9), timedelta(days=3)) == 0


def test_a_receiver_that_is_gone_is_asked_once(outlet: Outlet, receiver: Receiver) -> None:
    receiver.behaviour = lambda _, __: Reply(410)
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "B")
    outlet.turns()
    found = outlet.found(subscription)
    assert (found.status, found.reason) == (SubscriptionStatus.DISABLED, "answered 410: it is gone")


def test_a_redirect_is_not_followed(
    outlet: Outlet, receiver: Receiver, opened: Callable[..., Receiver]
) -> None:
    other = opened()
    receiver.behaviour = lambda _, __: Reply(307, {"Location": other.url})
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    (tried,) = attempts.attempts(outlet.world.store, subscription).items
    assert tried.status == 307
    assert (other.received, other.unverified) == ([], [])


def test_both_secrets_sign_while_they_overlap(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    former = receiver.secret
    fresh = book.rotate(outlet.world.store, subscription, timedelta(hours=1), outlet.world.clock.now())
    for secret in (former, fresh):
        receiver.secret = secret
        outlet.decide("A")
        outlet.turns()
    assert receiver.unverified == []
    assert all(len(one.headers["webhook-signature"].split()) == 2 for one in receiver.received)
    outlet.later(hours=2)
    outlet.decide("A")
    outlet.turns()
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 1
    receiver.secret = former
    outlet.decide("A")
    outlet.turns()
    assert len(receiver.unverified) == 1


def test_several_subjects_are_on_their_way_at_once_and_never_two_of_one(
    outlet: Outlet, receiver: Receiver
) -> None:
    receiver.behaviour = lambda _, __: Reply(seconds=0.2)
    outlet.subscribe(receiver)
    outlet.decide(*"ABCD", *"ABCD")
    outlet.turns()
    assert 2 <= receiver.most_at_once <= 4
    assert set(map(tuple, receiver.by_subject().values())) == {(1, 2)}


def test_a_paused_subscription_goes_on_where_it_stood(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    now = outlet.world.clock.now()
    book.change(outlet.world.store, subscription, {"status": SubscriptionStatus.PAUSED.value}, now)
    outlet.decide("A", "B")
    outlet.turns()
    assert receiver.received == []
    book.change(outlet.world.store, subscription, {"status": SubscriptionStatus.ACTIVE.value}, now)
    outlet.turns()
    assert sorted(receiver.ids()) == ["lamp:A/1", "lamp:B/1"]


def test_old_attempts_are_forgotten(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    store, now = outlet.world.store, outlet.world.clock.now()
    assert attempts.prune(store, now) == 0
    assert attempts.prune(store, now + timedelta(seconds=1)) == 1
    assert attempts.attempts(store, subscription).items == []
