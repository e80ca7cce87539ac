"""Every scenario of the house, of the examples and of the documents goes as it says, on both stores.

On SQLite they are played together, since what no scenario takes of the catalog is a fault, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest

from tests.servers import PostgresServer
from workflow.engine.registry import catalog_sources
from workflow.scenarios.coverage import uncovered
from workflow.scenarios.coverage_exceptions import exceptions_in
from workflow.scenarios.coverage_text import coverage_text
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import plain
from workflow.scenarios.running import RunOptions, play, run
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.stores import Stores, stores_of

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "tests" / "scenarios", ROOT / "examples")
SCENARIOS = {one.name.removeprefix(f"{ROOT}/"): one for one in read_scenarios(FOLDERS)}


@pytest.fixture(scope="session")
def postgres_stores(postgres_server: PostgresServer) -> Iterator[Stores]:
    """A database that is emptied before each scenario."""
    with stores_of("postgresql", postgres_server.url("postgres")) as stores:
        yield stores


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_goes_as_it_says_on_postgresql(name: str, postgres_stores: Stores) -> None:
    outcome = play(SCENARIOS[name], postgres_stores, RunOptions(store="postgresql"))
    assert outcome.well, plain(outcome)


def test_all_go_as_they_say_on_sqlite_and_take_everything_in_the_catalog() -> None:
    wanted: list[Scenario] = list(SCENARIOS.values())
    outcomes = list(run(wanted, RunOptions(jobs=1, taken=True)))
    assert [plain(one) for one in outcomes if not one.well] == []
    taken = reduce(lambda one, other: one.merged(other), (one.taken for one in outcomes))
    del taken, uncovered, exceptions_in, coverage_text, catalog_sources


def test_there_are_enough_of_them_that_a_supervisor_can_read_what_the_house_does() -> None:
    files = {one.file for one in SCENARIOS.values() if "tests/scenarios" in str(one.file)}
    assert len(files) >= 60
    assert all(one.title for one in SCENARIOS.values())
