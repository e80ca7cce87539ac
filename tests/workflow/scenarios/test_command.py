"""`makegood test`, as a person types it: what it says, and how it ends."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from tests.workflow.scenarios.files import replace, write_scenarios
from workflow.cli.commands import app


@pytest.fixture
def scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `scenarios` in the folder in which one works."""
    monkeypatch.chdir(tmp_path)
    return write_scenarios(tmp_path)


def run(*words: object) -> Result:
    """What the command says and how it ends, in this one process."""
    return CliRunner().invoke(app, ["test", *(str(word) for word in words)])


def test_0_if_everything_is_so(scenarios: Path) -> None:
    result = run(scenarios)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == [
        "✓ What is given back is back (customer: cat)  scenarios/back.yaml[0]",
        "✓ What is given back is back (customer: dog)  scenarios/back.yaml[1]",
        "✓ What is lent is due after a week  scenarios/due.yaml",
    ]
    assert re.fullmatch(r"3 went well, \d+\.\d s", result.stdout.splitlines()[-1])
    assert result.stderr == ""


def test_without_a_path_the_folder_scenarios_is_played(scenarios: Path) -> None:
    assert "3 went well" in run().stdout


def test_1_if_one_is_not_so(scenarios: Path) -> None:
    replace(scenarios / "due.yaml", "2030-01-13 09:00", "2030-01-13 10:00")
    result = run()
    assert result.exit_code == 1
    assert "scenarios/due.yaml:9  step 1 of 2: Ada borrows a drill" in result.stdout
    assert "2030-01-13T09:00:00Z (2030-01-13 10:00 +01:00)" in result.stdout
    assert "1 failed, 2 went well" in result.stdout.splitlines()[-1]


def test_2_if_a_file_is_wrong_with_each_problem_on_a_line_and_nothing_is_played(scenarios: Path) -> None:
    replace(scenarios / "due.yaml", "send: loan.lend", "sent: loan.lend")
    replace(scenarios / "back.yaml", "title: What", "titel: What")
    result = run()
    assert result.exit_code == 2 and result.stdout == ""
    places = [re.match(r"(\S+?:\d+): (\S+): .+ \[[a-z-]+\]$", line) for line in result.stderr.splitlines()]
    said = [place.groups() for place in places if place is not None]
    assert len(said) == len(places)
    assert ("scenarios/back.yaml:2", "titel") in said
    assert ("scenarios/due.yaml:10", "steps[0].sent") in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch.yaml"], "nosuch.yaml: document: cannot be read"),
        (["scenarios/lifecycles"], "scenarios/lifecycles: document: no file below this folder begins with"),
        (["--only", "nosuch"], "--only: no scenario has 'nosuch' in its title or file"),
        (["--tag", "nosuch"], "--tag: no scenario has the tag nosuch; there are: loan, time"),
        (["--junit", "no/such/out.xml"], "there is no folder no/such"),
        (["--order", "files", "--seed", "5"], "goes with --order random"),
        (["--order", "backwards"], "backwards"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_2_if_there_is_nothing_to_play(scenarios: Path, words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2 and result.stdout == ""
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_2_if_nobody_says_what_to_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 2
    assert "There is no folder scenarios/ here" in " ".join(result.stderr.replace("│", " ").split())


def test_2_if_there_is_no_store_to_play_on(scenarios: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", "sqlite:///nosuch.db")
    result = run("--store", "postgresql", "--jobs", 1)
    assert result.exit_code == 2
    assert "MAKEGOOD_DATABASE_URL: names no PostgreSQL server" in result.stderr


def test_on_postgresql_the_same_is_said(
    scenarios: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run("--jobs", 1).stdout.splitlines()
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", postgres_url)
    there = run("--store", "postgresql", "--jobs", 1)
    assert there.exit_code == 0, there.output
    assert there.stdout.splitlines()[:-1] == here[:-1]


def test_some_are_chosen(scenarios: Path) -> None:
    assert "1 went well" in run("--only", "DUE AFTER").stdout
    assert "1 went well" in run("--tag", "time", "--tag", "nosuch").stdout


def test_a_random_order_says_its_seed_and_comes_again_by_it(scenarios: Path) -> None:
    first = run("--order", "random", "--jobs", 1).stdout.splitlines()
    seed = re.search(r"in random order, --seed (\d+)$", first[-1])
    assert seed is not None
    again = run("--seed", seed[1], "--jobs", 1).stdout.splitlines()
    assert again[:-1] == first[:-1]


def test_the_whole_story_is_told_when_it_is_asked_for(scenarios: Path) -> None:
    assert "+7 09:00  timer  loan:1 lent -> overdue, timer deadline" in run("-v", "--tag", "time").stdout


@pytest.mark.exhaustive
def test_in_several_processes_the_same_is_said_in_another_order(scenarios: Path) -> None:
    ticks = [sorted(run("--jobs", jobs).stdout.splitlines()[:-1]) for jobs in (1, 2)]
    assert ticks[0] == ticks[1] and len(ticks[0]) == 3


def test_results_as_junit_xml(scenarios: Path, tmp_path: Path) -> None:
    replace(scenarios / "due.yaml", "loan:1: overdue", "loan:1: lost")
    assert run("--junit", "out.xml").exit_code == 1
    root = ET.parse(tmp_path / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")


def test_what_none_of_them_took(scenarios: Path) -> None:
    said = run("--coverage").stdout
    assert "state lost  scenarios/lifecycles/loan.yaml:" in said
    assert "state back" not in said
