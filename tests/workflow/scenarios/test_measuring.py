"""Scenarios played by the command, in one process and in two: what none of them took, and its pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.workflow.scenarios.loans import LOAN
from workflow.cli.commands import app

BACK = """\
scenario: 1
title: Given back in time
given: {begins: 2030-01-07 09:00, lifecycles: [loan.yaml]}
steps:
  - {send: loan.lend, to: 'loan:1', data: {customer: ada}, then: {'loan:1': lent}}
  - {at: +P1D, send: loan.give_back, to: 'loan:1', then: {'loan:1': back}}
"""
LATE = """\
scenario: 1
title: Forgotten for a week
given: {begins: 2030-01-07 09:00, lifecycles: [loan.yaml]}
steps:
  - {send: loan.lend, to: 'loan:1', data: {customer: cat}, then: {'loan:1': lent}}
  - {at: +P7D, then: {'loan:1': overdue}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lifecycle and two scenarios, in which one works."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("loan.yaml", LOAN), ("back.yaml", BACK), ("late.yaml", LATE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def asked(*arguments: str) -> Result:
    """What the command says and how it ends."""
    return CliRunner().invoke(app, ["test", ".", *arguments])


@pytest.mark.sampled
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_all_of_them_together_are_measured(folder: Path, jobs: str) -> None:
    result = asked("--coverage", "--jobs", jobs)
    assert result.exit_code == 0, result.output
    assert "states 3 of 5 · transitions 3 of 15 · timeouts 1 of 2" in result.output
    assert "state repaired  loan.yaml:" in result.output
    assert "state overdue" not in result.output and "state back" not in result.output
    one = asked("--coverage", "--only", "Given back", "--jobs", jobs).output
    assert "states 2 of 5" in one and "state overdue  loan.yaml:" in one


def test_it_is_written_as_json(folder: Path) -> None:
    result = asked("--coverage-json", "coverage.json")
    assert result.exit_code == 0 and "conditions asked" not in result.output
    said = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    (loan,) = said["lifecycles"]
    assert (loan["lifecycle"], loan["file"], loan["states"]) == ("loan", "loan.yaml", {"taken": 3, "of": 5})
    refused = asked("--coverage-json", "nowhere/coverage.json")
    assert refused.exit_code == 2 and "there is no folder nowhere" in refused.output


def test_exceptions_beside_them_hold_and_one_that_is_taken_fails(folder: Path) -> None:
    exceptions = folder / "coverage-exceptions.yaml"
    exceptions.write_text("loan:\n  state repaired: nothing of ours breaks\n", encoding="utf-8")
    result = asked("--coverage")
    assert result.exit_code == 0
    assert "state repaired  since: nothing of ours breaks  loan.yaml:" in result.output
    exceptions.write_text("loan:\n  state back: nobody brings anything back\n", encoding="utf-8")
    result = asked("--coverage")
    assert result.exit_code == 1
    assert "coverage-exceptions.yaml:2: loan.state back: a scenario takes 'state back'" in result.output
    assert asked().exit_code == 0, "who does not ask is not told"


def test_a_file_of_exceptions_that_is_wrong_is_told_before_anything_is_played(folder: Path) -> None:
    (folder / "coverage-exceptions.yaml").write_text("loan: all of it\n", encoding="utf-8")
    result = asked("--coverage")
    assert result.exit_code == 2
    assert "coverage-exceptions.yaml:1: loan: " in result.output and "[type]" in result.output
    assert "states" not in result.output


def test_pictures_of_what_they_opened_go_into_a_folder(folder: Path) -> None:
    result = asked("--coverage-svg", "pictures/of")
    assert result.exit_code == 0, result.output
    assert [one.name for one in (folder / "pictures" / "of").iterdir()] == ["loan.svg"]
    picture = (folder / "pictures" / "of" / "loan.svg").read_text(encoding="utf-8")
    assert "By scenarios: 3 of 5 states entered, 3 of 15 transitions taken, 1 of 2 timeouts fired" in picture
    assert "Drawn: pictures/of/loan.svg" in result.output


ALONG = """\
scenario: 1
title: A team is asked by the way
given: {begins: 2030-01-07 09:00, lifecycles: [loan.yaml]}
steps:
  - {send: loan.lend, to: 'loan:1', data: {customer: ada}, then: {'loan:1': lent}}
  - send: team.set
    to: team:shop
    as: operator
    data: {members: [bo@shop.example]}
    then: {'team:shop': staffed}
"""
CATALOG = """\
scenario: 1
title: A team
given: {begins: 2030-01-07 09:00}
steps:
  - send: team.set
    to: team:shop
    as: operator
    data: {members: [bo@shop.example]}
    then: {'team:shop': staffed}
"""


def test_whoever_tests_their_own_lifecycle_is_not_told_what_they_left_of_the_catalog(folder: Path) -> None:
    (folder / "along.yaml").write_text(ALONG, encoding="utf-8")
    result = asked("--coverage", "--coverage-svg", "pictures")
    assert result.exit_code == 0, result.output
    assert "Of the catalog, opened along the way: team" in result.output
    assert "loan version 1" in result.output and "team version" not in result.output
    assert "Opened by no scenario" not in result.output
    assert [one.name for one in (folder / "pictures").iterdir()] == ["loan.svg"]


def test_what_a_scenario_of_the_catalog_opens_is_listed_beside_it(folder: Path) -> None:
    (folder / "along.yaml").write_text(ALONG, encoding="utf-8")
    (folder / "catalog.yaml").write_text(CATALOG, encoding="utf-8")
    result = asked("--coverage")
    assert "loan version 1" in result.output and "team version 4" in result.output
    assert "along the way" not in result.output
    assert "Opened by no scenario: appointment, " in result.output
