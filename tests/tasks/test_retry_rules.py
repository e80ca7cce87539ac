"""A retry rule of an effect: it travels with the effect, and holds in the relay and in the sender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tasks.channels.port import Channel, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.sending.sender import NoticeSender
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import NOW, World
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.relay import Relay

LEASE = timedelta(minutes=2)
TASKS = """
lifecycle: errand
version: 1
states: [{name: running}]
transitions:
  - trigger: run
    source: initial
    dest: running
    effects:
      - task: {name: shop.plain, queue: shop}
      - task: {name: shop.slow, queue: shop, retry: {attempts: 2, first: PT1H, longest: PT90M}}
      - task: {name: shop.once, queue: shop, retry: {not_on: no-receipt}}
"""
NOTICES = """
lifecycle: letter
version: 1
retry: {attempts: 2, first: PT1M, not_on: [webhook-503]}
states: [{name: sent}]
transitions:
  - trigger: send
    source: initial
    dest: sent
    effects:
      - notice: {to: {url: a}, channel: webhook, title: plain, words: w}
      - notice: {to: {url: b}, channel: webhook, title: stubborn, words: w,
                 retry: {attempts: 5, longest: PT10M, not_on: []}}
      - notice: {to: {url: c}, channel: webhook, title: picky, words: w, retry: {not_on: [webhook-409, gone]}}
"""
NO_RULE = """
lifecycle: card
version: 1
states: [{name: sent}]
transitions:
  - trigger: send
    source: initial
    dest: sent
    effects:
      - notice: {to: {url: a}, channel: webhook, title: bare, words: w}
"""


class Answers:
    """A channel that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Fail."""
        raise self.error

    def table(self) -> Mapping[str, Channel]:
        """As the carrier of webhooks."""
        return {"webhook": self}


@pytest.fixture
def errand(world: World) -> Iterator[World]:
    """A subject with three tasks that wait."""
    world.engine.registry.register([(TASKS, None)], NOW)
    world.post("errand.run", "errand:1")
    yield world


@pytest.fixture
def letter(world: World) -> Iterator[World]:
    """A subject with three notices that wait."""
    world.engine.registry.register([(NOTICES, None)], NOW)
    world.post("letter.send", "letter:1")
    yield world


def by_name(world: World) -> dict[str, Any]:
    """The effects, by the name of their task or their title."""
    return {one.payload.get("title") or one.target: one for one in world.effects()}


def send(world: World, runtime: Runtime, error: Exception) -> dict[str, Any]:
    """Have all that is due fail with this error; all notices afterwards."""
    rows = outbox.claim(world.store, world.clock.now(), LEASE, 100)
    NoticeSender(runtime, Answers(error).table()).run([row.id for row in rows], rows[0].token, 30.0)
    return by_name(world)


def test_a_rule_travels_with_its_effect_and_only_if_there_is_one(errand: World) -> None:
    errand.engine.registry.register([(NOTICES, None), (NO_RULE, None)], NOW)
    errand.post("letter.send", "letter:1")
    errand.post("card.send", "card:1")
    found = {name: one.payload.get("retry") for name, one in by_name(errand).items()}
    assert found == {
        "shop.plain": None,
        "shop.slow": {"attempts": 2, "first": "PT1H", "longest": "PT1H30M"},
        "shop.once": {"not_on": ["no-receipt"]},
        "plain": {"attempts": 2, "first": "PT1M", "not_on": ["webhook-503"]},
        "stubborn": {"attempts": 5, "first": "PT1M", "longest": "PT10M", "not_on": []},
        "picky": {"attempts": 2, "first": "PT1M", "not_on": ["webhook-409", "gone"]},
        "bare": None,
    }
    assert all("retry" not in one.payload for one in by_name(errand).values() if one.target == "shop.plain")


def test_the_relay_waits_for_receipts_as_each_task_says(
    errand: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    relay, waits = Relay(runtime, mailbox.broker), dict[str, list[timedelta]]()
    lease = timedelta(seconds=runtime.settings.lease_seconds)
    while any(one.state != "dead" for one in by_name(errand).values()):
        now = errand.clock.now()
        relay.run()
        for name, one in by_name(errand).items():
            if one.state == "published" and one.attempts > len(waits.get(name, [])):
                waits.setdefault(name, []).append(one.due_at - now)
        dues = [one.due_at for one in by_name(errand).values() if one.due_at is not None]
        errand.clock.move_to(min(dues, default=now))
    assert waits == {
        "shop.plain": [lease, 2 * lease, 4 * lease],
        "shop.slow": [timedelta(hours=1), timedelta(minutes=90)],
        "shop.once": [lease],
    }
    errors = {name: one.error.partition(":")[0] for name, one in by_name(errand).items()}
    assert errors == {
        "shop.plain": "no receipt after 3 messages",
        "shop.slow": "no receipt after 2 messages",
        "shop.once": "no receipt after 1 message",
    }
    assert len(mailbox.take("shop")) == 6


def test_of_notices_that_fail_alike_each_goes_its_own_way(letter: World, runtime: Runtime) -> None:
    found = send(letter, runtime, Retry("webhook: answered 409 [webhook-409]"))
    assert {name: one.state for name, one in found.items()} == {
        "plain": "pending",
        "stubborn": "pending",
        "picky": "dead",
    }
    assert found["picky"].error == (
        "webhook: answered 409 [webhook-409]; given up since webhook-409 is not worth another try"
    )
    assert found["plain"].error == "webhook: answered 409 [webhook-409]"
    for name in ("plain", "stubborn"):
        pause = found[name].due_at - letter.clock.now()
        assert timedelta(seconds=30) <= pause <= timedelta(minutes=1)


def test_attempts_are_counted_as_each_notice_says(letter: World, runtime: Runtime) -> None:
    attempts = {}
    while waiting := [one.due_at for one in by_name(letter).values() if one.due_at is not None]:
        letter.clock.move_to(max(letter.clock.now(), *waiting))
        found = send(letter, runtime, Retry("webhook: answered 425 [webhook-425]"))
        attempts = {name: one.attempts for name, one in found.items()}
    assert attempts == {"plain": 2, "stubborn": 5, "picky": 2}
    assert {one.error for one in by_name(letter).values()} == {
        "webhook: answered 425 [webhook-425]; given up after 2 attempts",
        "webhook: answered 425 [webhook-425]; given up after 5 attempts",
    }


def test_what_the_lifecycle_says_holds_where_an_effect_says_nothing(letter: World, runtime: Runtime) -> None:
    found = send(letter, runtime, Retry("webhook: answered 503 [webhook-503]"))
    states = {name: one.state for name, one in found.items()}
    assert states == {"plain": "dead", "stubborn": "pending", "picky": "pending"}


def test_the_other_side_is_left_alone_for_as_long_as_it_asks(letter: World, runtime: Runtime) -> None:
    found = send(letter, runtime, Retry("webhook: answered 429 [webhook-429]", 7200.0))
    assert {one.due_at - letter.clock.now() for one in found.values()} == {timedelta(hours=2)}


@pytest.mark.parametrize(
    ("error", "state"),
    [(Rejected("webhook: answered 410 [webhook-410]"), "dead"), (OutcomeUnknown("lost"), "unknown")],
)
def test_no_rule_has_anything_tried_again_that_must_not_be(
    letter: World, runtime: Runtime, error: Exception, state: str
) -> None:
    found = send(letter, runtime, error)
    assert {(one.state, one.attempts, one.due_at) for one in found.values()} == {(state, 1, None)}


def test_failures_of_one_batch_are_decided_each_by_its_own_rule(letter: World) -> None:
    rows = outbox.claim(letter.store, letter.clock.now(), LEASE, 100)
    rules = ({"webhook-503"}, {"webhook-503"}, {"gone", "other"})
    failures = [outbox.Failure(row.id, "e", frozenset(said)) for row, said in zip(rows, rules, strict=True)]
    outbox.retry(letter.store, failures, letter.clock.now())
    states = {name: one.state for name, one in by_name(letter).items()}
    assert states == {"plain": "dead", "stubborn": "pending", "picky": "dead"}


@pytest.mark.parametrize(
    ("message", "more", "rules"),
    [
        ("webhook: answered 409 [webhook-409]", (), {"webhook-409"}),
        (
            "mail server: answered 452 to the message [smtp-message]",
            ("smtp-452",),
            {"smtp-message", "smtp-452"},
        ),
        ("busy", (), set()),
        ("a [word] in between", (), set()),
        ("busy", ("queue-full",), {"queue-full"}),
    ],
)
def test_the_rules_of_an_error_are_a_field_of_it(
    message: str, more: tuple[str, ...], rules: set[str]
) -> None:
    for error in (
        Retry(message, rules=more),
        Rejected(message, rules=more),
        OutcomeUnknown(message, rules=more),
    ):
        assert error.rules == rules
        assert str(error) == message
