"""The lifecycle `delivery`: whatever is reported, in whatever order, a person is asked when one is needed."""

from __future__ import annotations

from itertools import product

import pytest

from state_machines.catalog import load_catalog
from state_machines.decision import EmitEvent
from tests.state_machines.life import Life, taken

STATUSES = ("accepted", "delivered", "failed", "ended")
NOTICE = {"effect": "promise:P/3/0", "about": "broken_promise", "words": "We are sorry", "reference": "SM1"}


def lived(statuses: tuple[str, ...], channel: str = "sms", **more: object) -> Life:
    """A notice about which this was reported, in this order."""
    life = Life(load_catalog()["delivery"])
    for status in statuses:
        taken(life.happens("report", parent="promise:P", status=status, channel=channel, **NOTICE, **more))
    return life


def emitted(life: Life, trigger: str) -> list[EmitEvent]:
    """Events of this trigger that it sent, in order."""
    effects = [effect for decision in life.decisions for effect in decision.effects]
    return [one for one in effects if isinstance(one, EmitEvent) and one.trigger == trigger]


def test_a_customer_who_was_not_told_has_one_person_who_knows() -> None:
    """That is: one more asked than called back exactly when the last word was that it failed.

    Of all orders in which four reports can come.
    """
    for statuses in (one for n in (1, 2, 3, 4) for one in product(STATUSES, repeat=n)):
        life = lived(statuses, customer={"name": "Ada"}, code="30003")
        asked, called_back = len(emitted(life, "open")), len(emitted(life, "withdraw"))
        assert asked - called_back == (life.data["outcome"] == "failed"), statuses
        assert emitted(life, "delivery_news")[-1].data["news"] == life.data["outcome"], statuses
        decisive = [one for one in statuses if one in ("delivered", "failed")]
        if "ended" not in statuses:
            assert life.data["outcome"] == (decisive or ["accepted"])[-1], statuses


def test_the_person_is_told_what_was_to_be_said_and_why_it_was_not() -> None:
    life = lived(("accepted", "failed"), customer={"name": "Ada"}, code="30003")
    (opening,) = emitted(life, "open")
    assert opening.to.startswith("escalation:delivery-1-")
    assert opening.data["subject"] == "promise:P"
    assert "30003" in opening.data["words"]
    assert "We are sorry" in opening.data["words"]


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_a_colleague_was_not_told_opens_nothing(channel: str) -> None:
    assert emitted(lived(("failed",), channel), "open") == []


@pytest.mark.parametrize(
    ("reports", "news"),
    [
        ([("ended", "agent_no_answer")], ["agent_no_answer"]),
        ([("accepted", "ringing"), ("failed", "busy")], ["ringing", "busy"]),
        (
            [("accepted", "ringing"), ("delivered", "connected"), ("ended", "agent_no_answer")],
            ["ringing", "connected"],
        ),
        ([("accepted", "ringing"), ("ended", "agent_no_answer")], ["ringing", "ended"]),
        ([("failed", "busy"), ("delivered", "connected")], ["busy"]),
    ],
)
def test_of_a_call_the_callback_hears_each_step_once(reports: list[tuple[str, str]], news: list[str]) -> None:
    life = Life(load_catalog()["delivery"])
    for status, code in reports:
        data = NOTICE | {"status": status, "channel": "dial", "code": code, "claim": "callback:C/2"}
        taken(life.happens("report", parent="callback:C", **data))
    said = emitted(life, "dial_news")
    assert [event.data["news"] for event in said] == news
    assert {event.data["claim"] for event in said} == {"callback:C/2"}
    assert emitted(life, "delivery_news") == []
