"""`examples/returns`, a process that a user wrote in YAML alone, played through the front door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from state_machines.check import check
from tests.api.front_door import Story
from workflow.engine.definition_files import bundle_of
from workflow.outbox.receipts import TaskOutcome, record

FILE = Path(__file__).parents[2] / "examples" / "returns" / "returns.yaml"
BUNDLE = bundle_of(FILE, lambda one: one.read_text(encoding="utf-8"))
"""The definition and its words in both languages."""
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""Ten o'clock in Berlin."""
ADA = {
    "name": "Ada",
    "email": "ada@example.com",
    "language": "de",
    "zone": "Europe/Berlin",
    "quiet_hours": "21:00-08:00",
}
ANNOUNCED = {
    "customer": ADA,
    "order": "4711",
    "amount": 19.9,
    "owner": "olga@shop.example",
    "lead": "lee@shop.example",
}
KEY, PROMISE = "returns:4711", "promise:4711-money"


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    story = Story(database_url, tmp_path, MONDAY)
    story.runtime.registry.register([(BUNDLE, FILE.name)], MONDAY)
    story.post("returns.announce", KEY, ANNOUNCED)
    (sent,) = story.told(("ada@example.com", "parcel"))
    assert "19,90" in sent.words and sent.title == "Ihre Rücksendung zu 4711"
    yield story
    story.ends()
    story.close()


def refund(story: Story, outcome: TaskOutcome) -> None:
    """The billing system's worker answers."""
    (task,) = story.ran
    said: dict[str, Any] = {"result": {}} if outcome is TaskOutcome.SUCCEEDED else {"error": "no account"}
    record(story.engine, task.key, outcome, said)
    story.settle()


def test_the_definition_has_no_fault() -> None:
    assert check(BUNDLE, FILE.name, {}) == []


def test_a_question_stops_the_promise_and_a_refund_that_fails_finds_a_person(story: Story) -> None:
    story.after(days=5)
    story.told(("ada@example.com", "reminder"))
    story.post("returns.arrive", KEY)
    due = story.data(PROMISE)["due_at"]
    story.post(
        "returns.inspect", KEY, {"by": "olga@shop.example", "whole": False, "found": "Der Deckel fehlt."}
    )
    (question,) = story.told(("ada@example.com", "question"))
    assert "Der Deckel fehlt." in question.words
    assert story.state(PROMISE) == "waiting"
    story.after(days=2)  # nobody breaks a promise while the customer thinks
    story.told(("ada@example.com", "reminder"))
    story.follow(question, money="yes")
    assert story.state(PROMISE) == "made" and story.data(PROMISE)["due_at"] > due
    assert (story.state(KEY), story.ran[0].target) == ("refunding", "billing.refund")
    refund(story, TaskOutcome.FAILED)
    assert story.state(KEY) == "stuck"
    story.told(("lee@shop.example", "escalation"))
    story.post("returns.paid_by_hand", KEY, {"by": "lee@shop.example"})
    story.told(("ada@example.com", "thanks"), ("olga@shop.example", "ended"))
    assert (story.state(KEY), story.state(PROMISE)) == ("settled", "kept")
    assert story.state(story.only("escalation")) == "resolved"


def test_nobody_looks_and_the_customer_hears_it_from_us_first(story: Story) -> None:
    story.post("returns.arrive", KEY)
    story.after(hours=8)  # a working day in Berlin: until 17 on Monday, and an hour on Tuesday
    story.told()
    story.after(days=1)
    story.told(("olga@shop.example", "nudge"))
    story.after(days=1, hours=7)
    story.told(("olga@shop.example", "nudge"))  # the promise is due in half a day
    story.until(datetime(2026, 3, 5, 9, 30, tzinfo=UTC))
    story.told(("ada@example.com", "broken_promise"), ("lee@shop.example", "escalation"))
    assert story.data(KEY)["late"] and story.state(PROMISE) == "lapsed"
    story.post("returns.inspect", KEY, {"by": "olga@shop.example", "whole": True})
    refund(story, TaskOutcome.SUCCEEDED)
    story.told(("ada@example.com", "thanks"), ("olga@shop.example", "ended"))
    assert (story.state(KEY), story.state(PROMISE)) == ("settled", "kept_late")


def test_a_parcel_that_never_comes_is_given_up_after_three_reminders(story: Story) -> None:
    story.after(days=29)
    story.told(*[("ada@example.com", "reminder")] * 3)
    story.after(days=2)
    assert story.state(KEY) == "given_up"


def test_who_asks_the_customer_says_what_was_found(story: Story) -> None:
    story.post("returns.arrive", KEY)
    reason = story.refuses("returns.inspect", KEY, {"by": "olga@shop.example", "whole": False})
    assert reason.startswith("guard: ")
    story.post("returns.inspect", KEY, {"by": "olga@shop.example", "whole": True})
    refund(story, TaskOutcome.SUCCEEDED)
    story.told(("ada@example.com", "thanks"), ("olga@shop.example", "ended"))
