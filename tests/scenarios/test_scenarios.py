"""Every scenario of the house and of the examples goes as it says; of each file one on PostgreSQL, too.

On SQLite they are played together, since what no scenario takes of the catalog is a fault, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from state_machines import catalog
from tests.servers import PostgresServer
from workflow.scenarios.coverage import LifecycleCoverage, uncovered
from workflow.scenarios.coverage_exceptions import exceptions_in
from workflow.scenarios.measuring import lifecycles_of, taken_by
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import plain
from workflow.scenarios.running import RunOptions, play, run
from workflow.scenarios.stores import Stores, stores_of

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "scenarios"
SCENARIOS = {one.name.removeprefix(f"{ROOT}/"): one for one in read_scenarios([OWN, ROOT / "examples"])}
FIRSTS = [name for name, one in SCENARIOS.items() if not one.row]
"""One of each file: its rows differ in what is said, and not in what is asked of a database."""


@pytest.fixture(scope="session")
def postgres_stores(postgres_server: PostgresServer) -> Iterator[Stores]:
    """A database that is emptied before each scenario."""
    with stores_of("postgresql", postgres_server.url("postgres")) as stores:
        yield stores


@pytest.mark.sampled(one_in=8)
@pytest.mark.parametrize("name", FIRSTS)
def test_it_goes_as_it_says_on_postgresql(name: str, postgres_stores: Stores) -> None:
    outcome = play(SCENARIOS[name], postgres_stores, RunOptions(store="postgresql"))
    assert outcome.well, plain(outcome)


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_all_go_as_they_say_on_sqlite_and_take_every_way_through_the_catalog() -> None:
    outcomes = list(run(list(SCENARIOS.values()), RunOptions(jobs=1, taken=True)))
    assert [plain(one) for one in outcomes if not one.well] == []
    exceptions, named = exceptions_in([OWN]), catalog.NAMES  # a bell is rung by no event that is sent
    found = uncovered(taken_by(outcomes), lifecycles_of(outcomes), exceptions, named=named)
    # An example has an `incident` of its own; it is not the catalog's.
    of_catalog = [one for one in found.lifecycles if _is_the_catalogs(one)]
    assert set(named) == {one.lifecycle for one in of_catalog if one.opened}
    coverage = replace(found, lifecycles=tuple(of_catalog))
    assert coverage.not_taken("state", "transition", "timeout") == []


def _is_the_catalogs(one: LifecycleCoverage) -> bool:
    return one.lifecycle in catalog.NAMES and f"\ntitle: {one.title}\n" in catalog.source(one.lifecycle)


def test_there_are_so_many_that_a_supervisor_can_read_what_the_house_does() -> None:
    assert len({one.file for one in SCENARIOS.values() if one.file.is_relative_to(OWN)}) >= 60
