"""What the demonstration says of Flower."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workflow.broker.task_names import APPLY, FIRE, SEND
from workflow.demo.flower import FlowerSeen, flower_result

SEEN = FlowerSeen(401, 200, {APPLY: 3, FIRE: 1, SEND: 2}, "makegood.events.apply promise:P-17")


def test_it_is_well_behind_its_password_with_our_tasks_and_nobodys_address() -> None:
    result = flower_result(SEEN, ["ada@example.org"])
    assert result.well
    assert "makegood.events.apply x3" in result.words


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(SEEN, without_password=200), "answered 200 without"),
        (replace(SEEN, with_password=0), "0 with the password"),
        (replace(SEEN, tasks={APPLY: 1, FIRE: 1}), f"has not seen {SEND}"),
        (replace(SEEN, tasks={SEND: 1}), f"has not seen {APPLY} or {FIRE}"),
        (replace(SEEN, text="to ada@example.org"), "shows ada@example.org"),
    ],
)
def test_whatever_is_not_so_is_said(seen: FlowerSeen, said: str) -> None:
    result = flower_result(seen, ["ada@example.org"])
    assert not result.well
    assert said in result.words
