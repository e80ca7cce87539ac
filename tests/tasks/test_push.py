"""Bells, from who waits in the line to what a browser reads, over a real push service; and what fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from state_machines.values.retry_policy import RetryPolicy
from tasks.channels.port import Channel, NobodyThere, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.channels.table import configured
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.contracts.test_channels import NOTICE
from tests.servers.push_service import PushedBrowser, PushService
from tests.tasks.outgoing import LEASE
from tests.workflow.world import NOW, World, new_world
from workflow.access import bells, people
from workflow.access.bells import PushAddress
from workflow.access.people import Person
from workflow.access.role import Role
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.recovery import bells as ringing
from workflow.recovery.bells import BellWish, heard, push_keys, remove, switch_on
from workflow.settings import Settings
from workflow.store import schema

LOOPBACK = "127.0.0.0/8"
CUSTOMER = {"name": "Chris Secret", "phone": "+49 30 1234", "zone": "Europe/Berlin"}
TOLD = ("Chris", "Secret", "1234", "The modem")


@dataclass
class Desk:
    """Somebody of the desk with a browser, a push service, and workers that send."""

    world: World
    service: PushService
    olga: Person
    browser: PushedBrowser
    bell: str
    channels: dict[str, Channel]
    runtime: Runtime

    def wish(self, address: PushAddress, quiet: tuple[str, str] | None = None) -> BellWish:
        """For this browser."""
        key = push_keys(self.world.store, NOW).public
        return BellWish(address, key, "a browser", quiet, "Europe/Berlin", "en")

    def call(self, name: str) -> str:
        """A customer waits for a call."""
        key = f"callback:{name}"
        self.world.post("callback.request", key, {"customer": CUSTOMER, "words": "The modem is dead"})
        return key

    def look(self) -> None:
        """A sweep, what follows from it, and what is to be sent."""
        sweep(self.world.engine, self.world.clock)
        self.world.settle()
        self.send()

    def send(self) -> int:
        """Hand over what is due; how many that were."""
        rows = outbox.claim(self.world.store, self.world.clock.now(), LEASE, 100)
        if not rows:
            return 0
        sender = NoticeSender(self.runtime, self.channels)
        return sender.run([row.id for row in rows], rows[0].token, 30.0).taken

    def passes(self, time: timedelta) -> None:
        """Time passes, with the sweeps and sends in it, minute by minute."""
        end = self.world.clock.now() + time
        while self.world.clock.now() < end:
            self.world.advance(min(timedelta(minutes=1), end - self.world.clock.now()))
            self.look()

    def effects(self) -> list[Any]:
        """The rings that were asked for."""
        return [one for one in self.world.effects() if one.payload.get("about") == "bell"]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """On SQLite and on PostgreSQL."""
    world = new_world(database_url)
    with PushService(world.clock.now) as service:
        olga = person(world, "olga")
        settings = Settings(
            push_contact="mailto:ops@shop.example", push_networks=LOOPBACK, channel_seconds=5.0,
            public_url="https://care.example",
        )  # fmt: skip
        runtime = Runtime(
            settings,
            world.store,
            world.engine.registry,
            world.clock,
            world.engine,
            RetryPolicy(max_attempts=3),
        )
        browser = service.browser(push_keys(world.store, NOW).public)
        found = Desk(
            world, service, olga, browser, "", configured(settings, world.clock, world.store), runtime
        )
        key = switch_on(world.engine, olga, "s-olga", found.wish(browser.address))
        assert key is not None
        found.bell = key
        world.settle()
        yield found
    world.store.close()


def person(world: World, name: str, *teams: str) -> Person:
    """Somebody of the desk."""
    made = people.checked(f"{name}@shop.example", name, [Role.AGENT], NOW, teams=teams)
    return people.add(world.store, made)


def test_who_newly_waits_is_read_in_the_browser_and_by_nobody_on_the_way(desk: Desk) -> None:
    desk.call("one")
    desk.look()
    (said,) = desk.browser.read
    assert said["title"] == "Somebody new waits" and said["page"] == "/line" and said["language"] == "en"
    assert not [word for word in TOLD if word in str(said)]
    (request,) = desk.service.requests
    assert request.headers["topic"] == "bell" and request.headers["urgency"] == "high"
    assert b"waits" not in request.body and desk.service.refused == []
    (row,) = desk.effects()
    assert row.state == "settled" and row.receipt["channel"] == "push" and row.receipt["answer"] == "201"
    assert desk.browser.address.endpoint not in str(row), "the outbox knows no address"
    assert desk.browser.address.endpoint not in str(desk.world.data(desk.bell))
    assert desk.world.state(desk.bell) == "ringing"


def test_it_is_repeated_until_it_is_heard_and_who_waited_then_rings_no_more(desk: Desk) -> None:
    desk.call("one")
    desk.look()
    desk.passes(timedelta(minutes=4))
    assert len(desk.browser.read) == 3
    assert len({one["id"] for one in desk.browser.read}) == 3
    assert heard(desk.world.engine, desk.olga) == [desk.bell]
    desk.world.settle()
    desk.passes(timedelta(minutes=10))
    assert len(desk.browser.read) == 3 and desk.world.state(desk.bell) == "listening"
    desk.call("two")
    desk.look()
    assert len(desk.browser.read) == 4
    assert heard(desk.world.engine, desk.olga) == [desk.bell]
    assert heard(desk.world.engine, desk.olga) == [], "said twice, it is heard once"


def test_it_rings_ten_times_at_most_and_anew_when_others_wait(desk: Desk) -> None:
    first = desk.call("one")
    desk.look()
    desk.passes(timedelta(minutes=40))
    assert len(desk.browser.read) == 10 and desk.world.state(desk.bell) == "resting"
    desk.world.post("callback.withdraw", first, {"reason": "they came by"}, source="/makegood")
    desk.look()
    assert desk.world.state(desk.bell) == "listening"
    desk.call("two")
    desk.look()
    assert len(desk.browser.read) == 11


def test_who_waited_before_and_who_has_gone_rings_nothing(desk: Desk) -> None:
    desk.call("before")
    other = desk.service.browser(desk.browser.server_key)
    switch_on(desk.world.engine, person(desk.world, "max"), "s-max", desk.wish(other.address))
    desk.world.settle()
    desk.look()
    assert len(desk.browser.read) == 1 and other.read == []


def test_who_comes_back_to_the_line_is_new(desk: Desk) -> None:
    key = desk.call("one")
    desk.look()
    heard(desk.world.engine, desk.olga)
    claim = {"by": "max@shop.example"}
    desk.world.post("callback.claim", key, claim, source="/makegood/desk")
    desk.look()
    desk.passes(timedelta(hours=1))
    assert desk.world.state(key) == "waiting"
    assert len(desk.browser.read) > 1


def test_each_hears_of_their_own_teams_line(desk: Desk) -> None:
    other = desk.service.browser(desk.browser.server_key)
    switch_on(desk.world.engine, person(desk.world, "max", "law"), "s-max", desk.wish(other.address))
    desk.world.post("callback.request", "callback:b", {"customer": CUSTOMER, "words": "w", "desk": "billing"})
    desk.look()
    assert (len(desk.browser.read), len(other.read)) == (1, 0)


def test_an_escalation_and_an_approval_lead_to_decisions(desk: Desk) -> None:
    ladder = [{"people": ["bea@shop.example"], "within": "PT1H"}]
    desk.world.post("escalation.open", "escalation:E", {"words": "Nobody called", "ladder": ladder})
    desk.look()
    (said,) = desk.browser.read
    assert said["page"] == "/decisions"


def test_in_quiet_hours_it_waits_and_rings_once_when_they_are_over(desk: Desk) -> None:
    quiet = ("10:00", "13:00")  # in Berlin it is eleven
    assert switch_on(desk.world.engine, desk.olga, "s-olga", desk.wish(desk.browser.address, quiet))
    desk.world.settle()
    desk.call("one")
    desk.look()
    desk.passes(timedelta(minutes=30))
    assert desk.browser.read == []
    assert [one.state for one in desk.effects()].count("recalled") == len(desk.effects()) - 1
    desk.passes(timedelta(hours=1, minutes=31))
    assert len(desk.browser.read) == 1


def test_what_was_heard_in_quiet_hours_never_rings(desk: Desk) -> None:
    switch_on(desk.world.engine, desk.olga, "s-olga", desk.wish(desk.browser.address, ("10:00", "11:05")))
    desk.call("one")
    desk.look()
    heard(desk.world.engine, desk.olga)
    desk.world.settle()
    desk.passes(timedelta(minutes=10))
    assert desk.browser.read == []


def test_two_schedulers_at_once_ring_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the second found is no more so when it writes."""
    desk.call("one")
    stale = ringing._on(desk.world.store)
    desk.look()
    monkeypatch.setattr(ringing, "_on", lambda store: stale)
    desk.look()
    assert len(desk.browser.read) == 1
    asked = [move for move in desk.world.moves(desk.bell) if move[0] == "somebody_waits"]
    assert len(asked) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten_and_nobody_is_told(desk: Desk, status: int) -> None:
    desk.service.status = status
    desk.call("one")
    desk.look()
    assert bells.listed(desk.world.store, desk.olga.id) == []
    desk.look()
    assert desk.world.state(desk.bell) == "switched_off" and desk.world.counts()["bells"] == 0
    desk.passes(timedelta(hours=1))
    assert len(desk.service.requests) == 1
    assert not keys_of(desk.world, "escalation:dead-letters", "escalation:effect")


@pytest.mark.parametrize("answer", [429, 500, 503])
def test_a_push_service_with_too_much_to_do_is_asked_again_and_told_once(desk: Desk, answer: int) -> None:
    desk.service.status, desk.service.headers = answer, ("Retry-After: 30",)
    desk.call("one")
    desk.look()
    assert desk.browser.read == [] and desk.effects()[0].state == "pending"
    desk.service.status, desk.service.headers = 201, ()
    desk.passes(timedelta(minutes=1))
    assert len(desk.browser.read) == 1


def test_where_nothing_gets_through_nobody_is_asked_to_look(desk: Desk) -> None:
    """A person told of a lost push would be told by a push."""
    desk.service.status = 400
    desk.call("one")
    desk.look()
    desk.passes(timedelta(hours=1))
    assert desk.browser.read == []
    assert {one.state for one in desk.effects()} <= {"dead", "recalled"}
    assert not keys_of(desk.world, "escalation:dead-letters", "escalation:effect")


def test_a_worker_killed_in_the_middle_of_a_push_doubles_nothing(desk: Desk) -> None:
    desk.call("one")
    sweep(desk.world.engine, desk.world.clock)
    desk.world.settle()

    class Killed(BaseException):
        pass

    class Dying:
        def send(self, notice: Any, idempotency_key: str) -> Receipt:
            desk.channels["push"].send(notice, idempotency_key)
            raise Killed

    rows = outbox.claim(desk.world.store, desk.world.clock.now(), LEASE, 100)
    with pytest.raises(Killed):
        NoticeSender(desk.runtime, {"push": Dying()}).run([row.id for row in rows], rows[0].token, 30.0)
    assert len(desk.browser.read) == 1
    desk.world.clock.move_to(NOW + LEASE - timedelta(seconds=1))
    desk.look()
    assert len(desk.browser.read) == 1, "nobody else sends it while the first may live"
    desk.passes(timedelta(minutes=2))
    read = [one["id"] for one in desk.browser.read]
    assert len(read) == len(set(read)) > 1, "it rings again as a ring of its own, never the same twice"
    assert not keys_of(desk.world, "escalation:effect")


def test_a_slow_push_service_is_given_up_in_time_and_knows_the_message_again(desk: Desk) -> None:
    desk.service.silent = True
    settings = desk.runtime.settings.model_copy(update={"channel_seconds": 0.3})
    channel = configured(settings, desk.world.clock, desk.world.store)["push"]
    assert type(told(channel, desk)) is Retry
    desk.service.silent = False
    assert isinstance(told(channel, desk), Receipt)
    first, second = (request.headers["topic"] for request in desk.service.requests)
    assert first == second


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1:1/push", "https://localhost/push", "https://169.254.169.254/latest", "https://[::1]/",
     "https://10.0.0.8/push"],
)  # fmt: skip
def test_nothing_goes_to_an_address_within_whatever_a_browser_says(desk: Desk, endpoint: str) -> None:
    """The name is judged by where it leads at the moment of sending, not when it was given."""
    settings = desk.runtime.settings.model_copy(update={"push_networks": ""})
    channel = configured(settings, desk.world.clock, desk.world.store)["push"]
    with desk.world.store.begin() as transaction:
        transaction.connection.execute(update(schema.bells).values(endpoint=endpoint))
    outcome = told(channel, desk)
    assert type(outcome) is Rejected and "push-address" in str(outcome)
    assert desk.service.server.connections == 0


def test_another_key_of_ours_ends_what_was_asked_for_under_the_old_one(desk: Desk) -> None:
    with desk.world.store.begin() as transaction:
        transaction.connection.execute(schema.secrets.delete().where(schema.secrets.c.name == "push"))
    channel = configured(desk.runtime.settings, desk.world.clock, desk.world.store)["push"]
    assert type(told(channel, desk)) is Rejected
    desk.look()
    desk.look()
    assert desk.world.state(desk.bell) == "switched_off"
    assert desk.world.data(desk.bell)["reason"] == bells.OTHER_KEY


def test_what_is_about_anything_else_does_not_go_out(desk: Desk) -> None:
    """Whatever a definition or a customer's own wishes say."""
    row = bells.listed(desk.world.store, desk.olga.id)[0]
    notice = NOTICE._replace(channel="push", to={"push": row.id})
    with pytest.raises(Rejected, match="push-topic"):
        desk.channels["push"].send(notice, NOTICE.key)
    assert desk.service.server.connections == 0


def test_what_is_off_by_then_is_not_sent(desk: Desk) -> None:
    desk.call("one")
    sweep(desk.world.engine, desk.world.clock)
    desk.world.settle()
    remove(desk.world.engine, desk.olga, desk.bell.partition(":")[2])
    desk.send()
    assert desk.service.server.connections == 0
    assert type(told(desk.channels["push"], desk)) is NobodyThere


def told(channel: Channel, desk: Desk) -> Receipt | Exception:
    """What the channel says of a ring of this desk's bell."""
    notice = NOTICE._replace(channel="push", about="bell", to={"push": desk.bell.partition(":")[2]})
    try:
        return channel.send(notice, NOTICE.key)
    except (Retry, Rejected, OutcomeUnknown) as error:
        return error


def keys_of(world: World, *beginnings: str) -> list[str]:
    """Subjects whose keys begin so."""
    with world.store.connect() as connection:
        keys = connection.execute(schema.subjects.select()).all()
    return [one.key for one in keys if one.key.startswith(beginnings)]
