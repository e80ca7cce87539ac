"""`examples/loaner`, a lifecycle with scenarios that a newcomer wrote: they take everything that is in it.

That each goes as it says, on both stores, is held in tests/scenarios.
"""

from __future__ import annotations

from pathlib import Path

from state_machines.check import check
from workflow.engine.definition_files import bundle_of
from workflow.scenarios.coverage_exceptions import Exceptions
from workflow.scenarios.measuring import measured
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import plain
from workflow.scenarios.running import RunOptions, run

FOLDER = Path(__file__).parents[2] / "examples" / "loaner"


def test_the_definition_is_sound() -> None:
    assert check(bundle_of(FOLDER / "loaner.yaml", lambda one: one.read_text(encoding="utf-8"))) == []


def test_its_scenarios_take_every_way_and_ask_every_condition_both_ways() -> None:
    outcomes = list(run(read_scenarios([FOLDER]), RunOptions(jobs=1, taken=True)))
    assert [plain(one) for one in outcomes if not one.well] == []
    untaken = measured(outcomes, Exceptions()).coverage.not_taken()
    assert [words for name, words in untaken if name == "loaner"] == []


def test_every_scenario_is_in_the_list_of_the_page() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    scenarios = list((FOLDER / "scenarios").iterdir())
    assert len(scenarios) >= 8
    assert [one.name for one in scenarios if f"(scenarios/{one.name})" not in page] == []
