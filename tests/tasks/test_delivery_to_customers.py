"""Delivery to customers with a key: as they wish when it is sent, capped, together, or to a person."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.workflow.world import NOW, World, new_world
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.contact_log import Contact
from workflow.recovery.contact.identities import fingerprint
from workflow.store.schema import contacts

ADA = "customer:C-7"
KNOWN = {
    "name": "Ada", "email": "ada@shop.example", "phone": "+4930123456", "zone": "UTC",
    "channels": ["sms", "email"],
}  # fmt: skip
LETTER = """
lifecycle: letter
version: 1
data: {to: {personal: true}}
triggers:
  write:
    data: {to: {required: true}, about: {type: string}, channel: {type: string}, words: {type: string}}
states: [{name: written}]
transitions:
  - trigger: write
    source: [initial, written]
    dest: written
    set: {to: =event.data.to}
    effects:
      - notice:
          to: =event.data.to
          channel: =event.data.?channel.orValue('preferred')
          about: news
          title: =event.data.?words.orValue('News')
          words: ="It says " + event.data.?words.orValue('nothing')
        when: event.data.?about.orValue('news') == 'news'
      - notice:
          to: =event.data.to
          channel: preferred
          about: new_time
          title: Another time
          words: We come later
        when: event.data.?about.orValue('news') == 'new_time'
"""


@dataclass
class Post:
    """Channels that answer as told, by name, and remember what they were given."""

    answers: dict[str, Exception] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Answer as told."""
        answer = self.answers.get(notice.channel)
        if answer is not None:
            raise answer
        self.sent.append(notice)
        return Receipt(notice.channel, f"M-{len(self.sent)}")

    def told(self) -> list[tuple[str, str]]:
        """(channel, title) of what went out."""
        return [(notice.channel, notice.title) for notice in self.sent]


@pytest.fixture
def world(database_url: str) -> Any:
    """The catalog and a lifecycle that writes letters."""
    world = new_world(database_url, LETTER)
    yield world
    world.store.close()


@pytest.fixture
def post() -> Post:
    """The channels."""
    return Post()


def write(world: World, *words: str, to: Mapping[str, Any] | None = None, **more: Any) -> None:
    """Ask for a notice to Ada for each of these words."""
    for one in words:
        world.post("letter.write", "letter:L", {"to": {"key": ADA, **(to or {})}, "words": one, **more})


def deliver(world: World, runtime: Runtime, post: Post) -> list[Any]:
    """Send what is due; all notices, the oldest first."""
    live = LiveChannel(world.engine, world.clock, lambda subjects: None)
    channels: dict[str, Channel] = {"email": post, "sms": post, "social": post, "live": live}
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    if rows:
        NoticeSender(runtime, channels).run([row.id for row in rows], rows[0].token, 60.0)
    world.settle()
    return [effect for effect in world.effects() if "letter" in effect.key]


def test_what_they_said_a_second_ago_holds_for_what_was_asked_for_before(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, KNOWN)
    write(world, "One", to={"email": "old@shop.example"})
    world.post("customer.new_address", ADA, {"email": "new@shop.example"})
    world.post("customer.opt_out", ADA, {"channel": "sms"})
    (effect,) = deliver(world, runtime, post)
    assert (effect.state, effect.receipt["channel"]) == ("settled", "email")
    assert post.sent[0].to["email"] == "new@shop.example"


def test_a_wish_that_is_accepted_but_not_decided_is_waited_for(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, KNOWN)
    write(world, "One")
    world.engine.accept([world.event("customer.opt_out", ADA, {"channel": "sms"})])
    live: dict[str, Channel] = {"email": post, "sms": post}
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    NoticeSender(runtime, live).run([row.id for row in rows], rows[0].token, 60.0)
    effect = world.effects()[-1]
    assert (post.sent, effect.state, effect.attempts) == ([], "pending", 0)
    assert "just said" in effect.error
    world.settle()
    world.clock.move_to(effect.due_at)
    deliver(world, runtime, post)
    assert post.told() == [("email", "One")]


def test_who_turned_out_to_be_another_is_written_to_as_that_other_wishes(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "account": "A-17", "opted_out": ["sms"]})
    world.clock.advance(timedelta(hours=1))
    world.post("customer.known", "customer:web-31", {"account": "a-17"})
    assert world.state("customer:web-31") == "merged"
    world.post("letter.write", "letter:L", {"to": {"key": "customer:web-31", "phone": "+4930123456"}})
    deliver(world, runtime, post)
    assert [(one.channel, one.to["key"]) for one in post.sent] == [("email", ADA)]


def test_the_next_channel_is_tried_when_one_rejects_and_the_receipt_says_so(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, KNOWN)
    post.answers["sms"] = Rejected("to.phone: no mobile number")
    write(world, "One")
    (effect,) = deliver(world, runtime, post)
    assert effect.state == "settled" and effect.receipt["channel"] == "email"
    assert effect.receipt["attempts"] == [{"channel": "sms", "error": "to.phone: no mobile number"}]


@pytest.mark.parametrize(
    ("fault", "state"), [(OutcomeUnknown("lost"), "unknown"), (Retry("busy"), "pending")]
)
def test_no_other_channel_is_tried_where_it_may_have_gone_out_or_may_yet(
    world: World, runtime: Runtime, post: Post, fault: Exception, state: str
) -> None:
    world.post("customer.known", ADA, KNOWN)
    post.answers["sms"] = fault
    write(world, "One")
    (effect,) = deliver(world, runtime, post)
    assert (effect.state, post.sent) == (state, [])


def test_where_no_channel_takes_it_a_person_calls(world: World, runtime: Runtime, post: Post) -> None:
    world.post("customer.known", ADA, {**KNOWN, "opted_out": ["sms"]})
    post.answers["email"] = Rejected("to.email: nobody there")
    write(world, "One")
    (effect,) = deliver(world, runtime, post)
    assert (effect.state, effect.receipt["channel"]) == ("settled", "live")
    callback = effect.receipt["reference"]
    assert world.data(callback)["customer"]["phone"] == KNOWN["phone"]
    assert world.data(callback)["words"] == "It says One"


def test_who_wants_no_call_either_is_a_matter_for_a_person(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "opted_out": ["sms", "email", "live"]})
    write(world, "One")
    (effect,) = deliver(world, runtime, post)
    assert (effect.state, post.sent) == ("dead", []) and "no-way" in effect.error
    sweep(world.engine, world.clock)
    world.settle()
    assert [one["words"] for one in world.data(ADA)["missed"]] == ["It says One"]
    key = f"escalation:delivery-customer-{fingerprint('customer', ADA)}-{world.stored(ADA).seq}"
    assert world.state(key) is not None, "their own subject has asked a person, once for all that follows"
    assert world.state(f"escalation:effect-{effect.id}-{effect.token[:8]}") is None


def test_a_burst_beyond_the_cap_waits_visibly_and_goes_out_as_one_message(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 2}})
    write(world, "One", "Two", "Three", "Four", "Five")
    effects = deliver(world, runtime, post)
    assert post.told() == [("sms", "One"), ("sms", "Two")]
    assert [effect.state for effect in effects] == ["settled", "settled", "pending", "pending", "pending"]
    assert {effect.error for effect in effects[2:]} == {"waits: frequency cap of the recipient: 2 in P1D"}
    assert {effect.due_at for effect in effects[2:]} == {NOW + timedelta(days=1)}
    world.clock.move_to(NOW + timedelta(days=1))
    effects = deliver(world, runtime, post)
    assert post.told()[2:] == [("sms", "Three · Four · Five")]
    assert post.sent[2].words == "Three\nIt says Three\n\nFour\nIt says Four\n\nFive\nIt says Five"
    assert [effect.state for effect in effects] == ["settled"] * 5
    one_receipt = effects[2].receipt
    assert one_receipt["digest"] == [effect.key for effect in effects[2:]]
    assert all(effect.receipt == one_receipt for effect in effects[2:])
    assert outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100) == []


def test_what_is_urgent_waits_for_no_cap_and_goes_alone_but_keeps_to_quiet_hours(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    write(world, "One", "Two")
    deliver(world, runtime, post)
    write(world, "now", about="new_time")
    deliver(world, runtime, post)
    assert post.told() == [("sms", "One"), ("sms", "Another time")]
    world.post("customer.prefer", ADA, {"quiet_hours": "09:00-12:00"})
    write(world, "later", about="new_time")
    effect = deliver(world, runtime, post)[-1]
    assert (effect.state, effect.error) == ("pending", "waits: quiet hours of the recipient")
    world.clock.move_to(NOW + timedelta(hours=2))
    deliver(world, runtime, post)
    assert post.told()[2:] == [("sms", "Another time")]


def test_what_no_cap_looks_back_to_is_forgotten_and_what_waits_is_not(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    for words in ("One", "Two"):
        write(world, words)
        deliver(world, runtime, post)
    assert contact_log.prune(world.store, world.clock.now()) == 0, "it is not older than that"
    world.clock.advance(timedelta(hours=1))
    assert contact_log.prune(world.store, world.clock.now()) == 1
    with world.store.connect() as connection:
        assert connection.execute(select(contacts.c.waits)).scalars().all() == [True]
    assert post.told() == [("sms", "One")]


def test_the_morning_after_the_quiet_hours_brings_one_message(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "quiet_hours": "09:00-12:00"})
    write(world, "One", "Two", "Three")
    assert {effect.state for effect in deliver(world, runtime, post)} == {"pending"}
    world.clock.move_to(NOW + timedelta(hours=2))
    deliver(world, runtime, post)
    assert post.told() == [("sms", "One · Two · Three")]


def test_a_message_of_several_that_could_not_go_is_tried_again_as_one(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "quiet_hours": "09:00-12:00"})
    write(world, "One", "Two")
    deliver(world, runtime, post)
    world.clock.move_to(NOW + timedelta(hours=2))
    post.answers["sms"] = Retry("busy")
    effects = deliver(world, runtime, post)
    assert [(effect.state, effect.attempts) for effect in effects] == [("pending", 1)] * 2
    post.answers.clear()
    world.clock.move_to(max(effect.due_at for effect in effects))
    assert [effect.state for effect in deliver(world, runtime, post)] == ["settled"] * 2
    assert post.told() == [("sms", "One · Two")]


def test_what_is_given_up_does_not_wait_for_others_any_more(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, KNOWN)
    post.answers["sms"] = Retry("busy")
    write(world, "One")
    waits = []
    for _ in range(runtime.settings.max_attempts):
        (effect,) = deliver(world, runtime, post)
        with world.store.connect() as connection:
            waits.append(list(connection.execute(select(contacts.c.waits)).scalars()))
        world.clock.move_to(effect.due_at or world.clock.now())
    assert (effect.state, waits) == ("dead", [[True], [True], []])


def test_what_did_not_go_out_does_not_count(world: World, runtime: Runtime, post: Post) -> None:
    world.post(
        "customer.known",
        ADA,
        {**KNOWN, "channels": ["sms"], "opted_out": ["live"], "caps": {"per": "P1D", "most": 1}},
    )
    post.answers["sms"] = Rejected("to.phone: no mobile number")
    write(world, "One")
    assert deliver(world, runtime, post)[0].state == "dead"
    post.answers.clear()
    write(world, "Two")
    deliver(world, runtime, post)
    assert post.told() == [("sms", "Two")]


def test_an_answer_goes_to_where_the_question_came_from(world: World, runtime: Runtime, post: Post) -> None:
    world.post("customer.known", ADA, {**KNOWN, "social": "@ada"})
    write(world, "One", to={"reply_to": {"social": "@ada.blue"}}, channel="social")
    write(world, "Two", channel="social")
    deliver(world, runtime, post)
    assert [one.to["social"] for one in post.sent] == ["@ada.blue", "@ada"]


def test_an_answer_to_another_address_is_no_part_of_the_digest(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "social": "@ada", "quiet_hours": "09:00-12:00"})
    write(world, "One", "Two", channel="social")
    write(world, "Blue", to={"reply_to": {"social": "@ada.blue"}}, channel="social")
    deliver(world, runtime, post)
    world.clock.move_to(NOW + timedelta(hours=2))
    deliver(world, runtime, post)
    assert sorted((one.to["social"], one.title) for one in post.sent) == [
        ("@ada", "One · Two"),
        ("@ada.blue", "Blue"),
    ]


def test_the_cap_holds_however_many_workers_send_at_once(world: World, runtime: Runtime, post: Post) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 3}})
    write(world, *(f"No. {number}" for number in range(12)))
    claimed = [outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 2) for _ in range(6)]
    channels: dict[str, Channel] = {"sms": post}

    def work(rows: list[Any]) -> None:
        NoticeSender(runtime, channels).run([row.id for row in rows], rows[0].token, 60.0)

    with ThreadPoolExecutor(len(claimed)) as workers:
        list(workers.map(work, claimed))
    assert len(post.sent) == 3
    with world.store.connect() as connection:
        waiting = connection.execute(select(contacts.c.waits).where(contacts.c.customer == ADA)).scalars()
        assert sorted(waiting) == [False] * 3 + [True] * 9


def test_who_comes_while_another_worker_counts_waits_for_it(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    write(world, "One")
    with ThreadPoolExecutor(1) as workers:
        with world.store.begin() as transaction:
            assert ADA in contact_log.held(transaction, [ADA])
            deliveries = workers.submit(deliver, world, runtime, post)
            with pytest.raises(TimeoutError):
                deliveries.result(timeout=0.3)
            contact_log.note(transaction, [Contact(4711, ADA, waits=False)], world.clock.now())
        (effect,) = deliveries.result(timeout=60)
    assert (post.sent, effect.error) == ([], "waits: frequency cap of the recipient: 1 in P1D")


def test_a_cap_counts_what_went_to_them_before_they_were_known_to_be_the_same(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "account": "A-17", "caps": {"per": "P1D", "most": 1}})
    world.clock.advance(timedelta(hours=1))
    stranger = {"key": "customer:web-31", "email": "a@elsewhere.example"}
    world.post("customer.known", "customer:web-31", {"email": "a@elsewhere.example"})
    write(world, "One", to=stranger)
    deliver(world, runtime, post)
    world.post("customer.known", "customer:web-31", {"account": "a-17"})
    assert world.state("customer:web-31") == "merged"
    write(world, "Two")
    effect = deliver(world, runtime, post)[-1]
    assert post.told() == [("email", "One")]
    assert (effect.state, effect.error) == ("pending", "waits: frequency cap of the recipient: 1 in P1D")


def test_a_call_does_not_count_towards_the_cap_of_messages(
    world: World, runtime: Runtime, post: Post
) -> None:
    world.post("customer.known", ADA, {**KNOWN, "caps": {"per": "P1D", "most": 1}})
    write(world, "Call", channel="live")
    deliver(world, runtime, post)
    write(world, "One")
    effects = deliver(world, runtime, post)
    assert [effect.receipt["channel"] for effect in effects] == ["live", "sms"]
    assert post.told() == [("sms", "One")]
