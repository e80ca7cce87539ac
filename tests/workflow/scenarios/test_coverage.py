"""What no scenario took: listed in the order of the definition, with lines, as text and as JSON."""

from __future__ import annotations

import json

import pytest

from state_machines import catalog
from state_machines.catalog import load_catalog
from tests.workflow.scenarios.conftest import Play
from tests.workflow.scenarios.loans import (
    LOAN,
    extended_too_often,
    forgotten,
    lent_and_given_back,
    of_the_bank,
)
from workflow.engine.definition_sources import catalog_sources
from workflow.scenarios.coverage import Coverage, uncovered
from workflow.scenarios.coverage_exceptions import CoverageError
from workflow.scenarios.coverage_text import coverage_json, coverage_text
from workflow.scenarios.elements import WrittenLifecycle, elements_of, written
from workflow.scenarios.taken import Taken

LIFECYCLES = written([*catalog_sources(), (LOAN, "lifecycles/loan.yaml")])
BROKEN = " if event.data.?broken.orValue(false)"
SOME = (lent_and_given_back, forgotten, extended_too_often)


def line_of(text: str) -> int:
    """The line of the definition in which this stands first."""
    return next(number for number, line in enumerate(LOAN.splitlines(), 1) if text in line)


def test_nothing_was_opened() -> None:
    coverage = uncovered(Taken(), LIFECYCLES)
    assert coverage == Coverage((), tuple(sorted([*catalog.NAMES, "loan"])))


def test_what_is_missing_stands_in_the_order_of_the_definition_with_its_lines(play: Play) -> None:
    coverage = uncovered(play(*SOME), LIFECYCLES)
    (loan,) = coverage.lifecycles
    assert [(one.element.words, one.lack, one.line) for one in loan.open] == [
        ("state repaired", "never entered", line_of("name: repaired")),
        *(
            (f"give_back from {source}{BROKEN}", "never taken", line_of("repaired, if"))
            for source in ("lent", "overdue")
        ),
        ("lose from lent if not data.customer == 'bank'", "never taken", line_of("trigger: lose")),
        *(
            (f"praise from {source}", "never taken", line_of("trigger: praise"))
            for source in ("lent", "overdue", "back", "repaired", "lost")
        ),
        ("timeout reminder", "never fired", line_of("reminder:")),
        ("lose unless data.customer == 'bank'", "never held", line_of("trigger: lose")),
    ]  # fmt: skip
    assert loan.counts == {"state": (4, 5), "transition": (7, 15), "timeout": (1, 2), "condition": (3, 5)}
    assert set(coverage.unopened) == set(catalog.NAMES)
    assert not coverage.complete
    assert coverage.not_taken("state") == [("loan", "state repaired")]


def test_more_scenarios_leave_less(play: Play) -> None:
    less = uncovered(play(*SOME, of_the_bank), LIFECYCLES)
    assert ("loan", "lose unless data.customer == 'bank'") not in less.not_taken()


def test_a_lifecycle_that_nobody_opened_is_listed_where_it_is_named_or_all_are() -> None:
    named = uncovered(Taken(), LIFECYCLES, named=["job"])
    assert [(one.lifecycle, one.opened) for one in named.lifecycles] == [("job", False)]
    assert all(each.counts[kind][0] == 0 for each in named.lifecycles for kind in each.counts)
    everything = uncovered(Taken(), LIFECYCLES, all=True)
    assert {one.lifecycle for one in everything.lifecycles} == {*catalog.NAMES, "loan"}
    assert everything.unopened == ()
    with pytest.raises(
        CoverageError, match=r"lifecycle: there is no lifecycle 'lawn' here.*\[unknown-lifecycle\]"
    ):
        uncovered(Taken(), LIFECYCLES, named=["lawn"])


@pytest.mark.parametrize("name", catalog.NAMES)
def test_what_there_is_to_take_of_the_catalog_has_words_of_its_own(name: str) -> None:
    found = [one for one in elements_of(load_catalog()[name]) if one.kind != "condition"]
    assert len({one.words for one in found}) == len(found)
    assert all("\n" not in one.words for one in elements_of(load_catalog()[name]))


def test_the_text_names_each_once_and_as_exceptions_do(play: Play) -> None:
    text = coverage_text(uncovered(play(*SOME), LIFECYCLES)).plain
    assert text.splitlines()[:3] == [
        "loan version 1",
        "  states 4 of 5 · transitions 7 of 15 · timeouts 1 of 2 · conditions asked both ways 3 of 5",
        "  States that no scenario entered",
    ]
    place = f"lifecycles/loan.yaml:{line_of('trigger: praise')}"
    assert f"    praise from lent, overdue, back, repaired, lost  {place}\n" in text
    place = f"lifecycles/loan.yaml:{line_of('trigger: lose')}"
    assert f"    lose unless data.customer == 'bank'  never held  {place}\n" in text
    assert "    and 1 condition of what was not taken\n" in text
    assert "Opened by no scenario: appointment, " in text
    assert text.endswith("11 not taken by any scenario\n")


def test_the_text_of_nothing_says_so() -> None:
    assert coverage_text(Coverage()).plain == "No scenario opened a subject\n"


def test_json_has_the_same(play: Play) -> None:
    coverage = uncovered(play(*SOME), LIFECYCLES)
    said = json.loads(json.dumps(coverage_json(coverage)))
    (loan,) = said["lifecycles"]
    assert (said["complete"], loan["lifecycle"], loan["file"]) == (False, "loan", "lifecycles/loan.yaml")
    assert loan["transitions"] == {"taken": 7, "of": 15}
    assert loan["missing"][1] == {
        "kind": "transition",
        "words": "give_back from lent if event.data.?broken.orValue(false)",
        "trigger": "give_back",
        "source": "lent",
        "lack": "never taken",
        "field": "transitions[4]",
        "line": line_of("repaired, if"),
        "reason": None,
        "implied": False,
    }
    assert [one["words"] for one in loan["missing"] if one["implied"]] == [
        "give_back if event.data.?broken.orValue(false)"
    ]


def test_without_lines_the_field_says_where(play: Play) -> None:
    of_loan = [WrittenLifecycle(one.lifecycle) for one in LIFECYCLES if one.lifecycle.name == "loan"]
    text = coverage_text(uncovered(play(*SOME), of_loan)).plain
    assert "    state repaired  states[3]\n" in text
