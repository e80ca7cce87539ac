"""The way by which the newest are found: what each costs follows from what the newest rows show."""

from __future__ import annotations

import pytest

from workflow.search.expression import Term, all_of, any_of, without
from workflow.search.ways import Sample, Way, cheapest, rows_to_look_at, terms_in

_MILLION = 1_000_000


@pytest.mark.parametrize(
    ("having", "fitting", "narrow", "way"),
    [
        pytest.param(0, 0, True, Way.TERMS, id="a rare name"),
        pytest.param(3, 0, True, Way.TERMS, id="a name of some hundreds, of a team"),
        pytest.param(40, 30, False, Way.ROWS, id="a common name, most are chosen"),
        pytest.param(40, 4, False, Way.ROWS, id="a common name, of whom a tenth are open"),
        pytest.param(40, 0, True, Way.STANDING, id="a common name, of one owner"),
        pytest.param(600, 1, True, Way.STANDING, id="a word of every seventh, in a rare state"),
    ],
)
def test_the_cheapest_way_is_gone(having: int, fitting: int, narrow: bool, way: Way) -> None:
    assert cheapest(Sample(_MILLION, 4_096, having, fitting, 21, 2), narrow=narrow) is way


def test_without_an_index_of_who_stands_so_there_is_no_way_by_it() -> None:
    assert cheapest(Sample(_MILLION, 4_096, 600, 0, 21, 2), narrow=False) is Way.TERMS


def test_a_first_look_costs_the_same_whatever_is_asked_for() -> None:
    assert rows_to_look_at(1) == 4_096
    assert 100 < rows_to_look_at(150) < 200


def test_terms_are_counted_wherever_they_stand() -> None:
    both = all_of((any_of((Term("1ada"), Term("7ada"))), Term("0promise")))
    assert terms_in(without(both, Term("2x"))) == 4
