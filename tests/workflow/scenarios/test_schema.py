"""The schema of scenarios that editors load: current, a schema, and of one mind with what reads scenarios."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from state_machines.form.yaml_document import read_yaml
from tests.examples.pages import blocks
from workflow.cli.schema_page import SCENARIO_PAGE
from workflow.scenarios.files import read_text, scenarios_below
from workflow.scenarios.json_schema import scenario_schema, scenario_schema_text

TESTS = Path(__file__).parents[2]
RIGHT = Path(__file__).with_name("right")
_BEGINNING = re.compile(r"^beginning\s*:", re.MULTILINE)
BEGINNINGS = [one for one in sorted(TESTS.rglob("*.yaml")) if _BEGINNING.search(read_text(one))]
FILES = [*scenarios_below(TESTS), *BEGINNINGS]


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(scenario_schema())


def red_lines(document: Any) -> list[str]:
    """What an editor would underline."""
    return [f"{one.instance_path}: {one.message}" for one in _validator().iter_errors(document)]


def test_the_committed_copy_is_current() -> None:
    assert SCENARIO_PAGE.read_text(encoding="utf-8") == scenario_schema_text(), (
        "run python -m workflow.cli.schema_page"
    )


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(scenario_schema())


@pytest.mark.parametrize("file", FILES, ids=lambda one: str(one.relative_to(TESTS)))
def test_every_scenario_fits(file: Path) -> None:
    assert red_lines(read_yaml(read_text(file))[0]) == []


def test_some_are_looked_at() -> None:
    assert {RIGHT / "scenario.yaml", RIGHT / "beginning.yaml"} <= set(FILES)


def test_what_the_page_shows_fits() -> None:
    shown = [one for one in blocks("testing.md", "yaml") if "\nscenario: 1\n" in f"\n{one}"]
    assert shown and [red_lines(read_yaml(one)[0]) for one in shown] == [[]] * len(shown)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("scenario: 1", "scenario: 2"),
        ("scenario: 1", "scenario: 1\nbeginning: 1"),
        ("\ntitle:", "\ntitel:"),
        ("send: loan.lend", "send: lend"),
        ("mark: lent", "mark: Lent"),
        ("      told:", "      tolld:"),
        ("about: overdue, ", ""),
        ("{holds:", "{hold:"),
        ("because: whoever lent it is known, ", ""),
        ("  - at: +P4D\n", "  - {press: {to: ada}, choice: one}\n  - at: +P4D\n"),
        ("  - at: +P4D\n", "  - {channel: {sms: sleeps}}\n  - at: +P4D\n"),
    ],
)
def test_what_is_wrong_is_underlined(right: str, wrong: str) -> None:
    text = read_text(RIGHT / "scenario.yaml")
    assert right in text
    assert red_lines(read_yaml(text.replace(right, wrong, 1))[0])


@pytest.mark.parametrize(
    "step",
    [
        "{press: {to: ada}, choice: <choice>}",
        "{channel: {sms: <how>}}",
        "{look: {to: ada}, answer: <status>}",
        "{then: {all: {loan: {lent: <many>}}}}",
        "{send: loan.bring_back, to: loan:17, data: <data>}",
        "{then: {told: <told>, line: <line>}}",
    ],
)
def test_a_value_of_a_table_may_stand_for_a_number_a_word_a_list_or_a_mapping(step: str) -> None:
    text = read_text(RIGHT / "scenario.yaml").replace("  - at: +P4D\n", f"  - {step}\n  - at: +P4D\n")
    assert red_lines(read_yaml(text)[0]) == []
