"""The catalog's lives, as the sheets in `lives/` tell them; together they take every transition there is."""

from __future__ import annotations

import pytest

from state_machines.catalog import NAMES, load_catalog
from tests.state_machines.lived_through import live_through
from tests.state_machines.told_lives import SHEETS, ToldLife, told_lives
from tests.state_machines.transition_cover import (
    answered,
    behind_an_unguarded_one,
    catalog_departures,
    conditions_of_effects,
    recorded,
)


@pytest.mark.parametrize("told", told_lives(), ids=str)
def test_a_life_goes_as_its_sheet_says(told: ToldLife) -> None:
    live_through(told)


def test_every_transition_is_taken_from_each_of_its_sources() -> None:
    with recorded() as ways:
        for told in told_lives():
            live_through(told)
    departures = catalog_departures()
    taken = {departures[way] for way in ways}
    missing = set(departures.values()) - taken
    assert sorted(map(str, missing)) == [], "taken by no life in tests/state_machines/lives/"


def test_none_comes_after_one_that_takes_every_event() -> None:
    assert sorted(map(str, behind_an_unguarded_one())) == []


def test_every_condition_of_an_effect_makes_a_difference() -> None:
    with answered() as answers:
        for told in told_lives():
            live_through(told)
    wanted = {(where, said) for where in conditions_of_effects() for said in (True, False)}
    found = {
        (where, said)
        for where, one in conditions_of_effects().items()
        for said in (True, False)
        if (id(one), said) in answers
    }
    assert sorted(wanted - found) == [], "it always is or never is, as far as lives tell"


def test_every_timeout_fires() -> None:
    fired = {
        (told.lifecycle, step["fires"]) for told in told_lives() for step in told.steps if "fires" in step
    }
    declared = {(name, timeout) for name, one in load_catalog().items() for timeout in one.timeouts}
    assert declared - fired == set()


def test_each_lifecycle_has_a_sheet_and_no_two_lives_have_one_name() -> None:
    assert sorted(path.stem for path in SHEETS.iterdir()) == sorted(NAMES)
    assert len({str(told) for told in told_lives()}) == len(told_lives())
