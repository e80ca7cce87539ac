"""The desk's line: who stands in it, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workflow.world import NOW, World
from workflow.queries.subjects import SubjectRow
from workflow.recovery.desk.item import item_of
from workflow.recovery.desk.line import Wishes, line


def call(world: World, name: str, **more: Any) -> None:
    """Somebody is to be called."""
    customer = {"name": "Chris", "phone": "+49 30 1234"}
    world.post("callback.request", f"callback:{name}", {"customer": customer, "words": "Say sorry", **more})


def test_instants_are_put_in_order_as_instants_and_not_as_texts(world: World) -> None:
    """As texts, half a second after ten comes before ten: a point sorts before a `Z`."""
    call(world, "later", due_at="2026-03-02T10:30:00.500Z")
    call(world, "sooner", due_at="2026-03-02T10:30:00Z")
    found = line(world.store, NOW, Wishes(), 10)
    assert [one.key for one in found] == ["callback:sooner", "callback:later"]
    assert [one.place for one in found] == [
        NOW + timedelta(minutes=30),
        NOW + timedelta(minutes=30, milliseconds=500),
    ]


@pytest.mark.parametrize(
    ("lifecycle", "customer", "taken"),
    [
        ("callback", {"phone": "+49 30 1234"}, True),
        ("callback", {"phone": "+49 30 1234", "opted_out": ["sms"]}, True),
        ("callback", {"phone": "+49 30 1234", "opted_out": ["sms", "live"]}, False),
        ("callback", {"zone": "UTC", "quiet_hours": "09:00-12:00"}, False),
        ("callback", "+49 30 1234", True),
        ("escalation", {"opted_out": ["live"], "zone": "UTC", "quiet_hours": "09:00-12:00"}, True),
    ],
)
def test_a_call_may_be_taken_when_its_customer_takes_calls(
    lifecycle: str, customer: object, taken: bool
) -> None:
    """Whatever the lifecycle of an installation's own has made of it."""
    row = SubjectRow(f"{lifecycle}:1", lifecycle, 1, "waiting", 1, {"customer": customer}, None, NOW, NOW)
    assert item_of(row).may_be_taken(NOW) is taken
