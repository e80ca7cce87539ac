"""Which scenarios are played, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.scenarios.outcomes import scenario
from workflow.scenarios.choosing import chosen, shuffled
from workflow.scenarios.errors import ScenarioError

ALL = [
    scenario(Path("scenarios/loan.yaml"), "Due after a week", tags=("loan", "time")),
    scenario(Path("scenarios/night/calls.yaml"), "Nobody is called at night", tags=("night",)),
    scenario(Path("scenarios/other.yaml"), "Given back"),
]


@pytest.mark.parametrize(
    ("only", "tags", "places"),
    [
        (None, (), [0, 1, 2]),
        ("due AFTER", (), [0]),
        ("night", (), [1]),
        ("scenarios/", (), [0, 1, 2]),
        (None, ("night",), [1]),
        (None, ("night", "time"), [0, 1]),
        ("week", ("loan",), [0]),
    ],
)
def test_by_words_and_by_tags(only: str | None, tags: tuple[str, ...], places: list[int]) -> None:
    assert [ALL.index(one) for one in chosen(ALL, only, tags)] == places


@pytest.mark.parametrize(
    ("only", "tags", "said"),
    [
        ("nosuch", (), "--only: no scenario has 'nosuch' in its title or file [no-scenario]"),
        (None, ("day",), "--tag: no scenario has the tag day; there are: loan, night, time [no-scenario]"),
        ("back", ("day",), "--tag: no scenario has the tag day; there are: none [no-scenario]"),
    ],
)
def test_to_choose_none_is_an_error(only: str | None, tags: tuple[str, ...], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        chosen(ALL, only, tags)
    assert str(caught.value) == said


def test_a_random_order_comes_again_by_its_seed() -> None:
    many = [scenario(row=row) for row in range(50)]
    assert shuffled(many, 7) == shuffled(many, 7) != many
    assert shuffled(many, 8) != shuffled(many, 7)
    assert sorted(one.row or 0 for one in shuffled(many, 7)) == list(range(50))
