"""What is not so never passes: expectations that are empty, null, of another type, about others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.scenarios.playing import LOAN, played
from tests.workflow.scenarios.test_player import BACK, HEAD, LENT, OVERDUE
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.reading import read_scenarios

TOLD = OVERDUE.replace("words: It was due", "words: <value>")
EMPTY = {
    "state": ("{loaner:1: {state: null}}", "then.loaner:1.state"),
    "data": ("{loaner:1: {data: null}}", "then.loaner:1.data"),
    "timers": ("{loaner:1: {timers: {}}}", "then.loaner:1.timers"),
    "explain": ("{loaner:1: {state: lent, explain: null}}", "then.loaner:1.explain"),
    "line": ("{line: null}", "then.line"),
    "waiting": ("{waiting: null}", "then.waiting"),
    "all": ("{all: {}}", "then.all"),
    "figures": ("{figures: {}}", "then.figures"),
    "title": ("{told: [{to: tom, about: question, title: null}]}", "then.told[0].title"),
}
UNTRUE = {
    "an empty mapping for one that is not": "{loaner:1: {data: {customer: {}}}}",
    "no data at all": "{loaner:1: {data: {}}}",
    "none of a lifecycle": "{all: {loaner: {}}}",
    "a figure of which nothing is said": "{figures: {promises: {}}}",
    "a figure that there is not": "{figures: {nonsense: {status: 404}}}",
    "letters that are no star": "{'loaner:?*': lent}",
    "true for a number": "{loaner:1: {data: {deposit: true}}}",
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_expects_nothing_is_refused(name: str, tmp_path: Path) -> None:
    then, field = EMPTY[name]
    assert refused(tmp_path, f"{HEAD}{LENT}    then: {then}\n") == [(f"steps[0].{field}", "empty")]


def test_an_empty_list_of_what_happened_says_nothing_where_the_rest_is_let_pass(tmp_path: Path) -> None:
    step = "  - at: +P1D\n    rest: any\n    then: {told: []}\n"
    assert refused(tmp_path, HEAD + LENT + step) == [("steps[1].then.told", "empty")]


def test_of_what_is_not_there_nothing_else_can_be_said(tmp_path: Path) -> None:
    text = HEAD + LENT + "    then: {loaner:2: {state: none, data: {deposit: 3}}}\n"
    assert refused(tmp_path, text) == [("steps[0].then.loaner:2", "misplaced")]


@pytest.mark.parametrize("name", UNTRUE)
def test_what_is_not_so_does_not_pass(name: str, tmp_path: Path) -> None:
    outcome = played(tmp_path, f"{HEAD}{LENT}    then: {UNTRUE[name]}\n")
    assert len(outcome.differences) == 1


@pytest.mark.parametrize("value", ["null", "''", "[]", "{}", "['']", "[[due]]"])
def test_a_value_that_says_nothing_is_no_text(value: str, tmp_path: Path) -> None:
    problems = refused(tmp_path, f"{HEAD}rows: [{{value: {value}}}]\n{TOLD}")
    assert [field.removesuffix("[0]") for field, _ in problems] == ["steps[1].then.told[0].words"]


@pytest.mark.parametrize("value", ["3.5", "[3.5, It]", "true", "not said"])
def test_a_value_is_written_out_where_a_text_is_asked_for(value: str, tmp_path: Path) -> None:
    outcome = played(tmp_path, f"{HEAD}rows: [{{value: {value}}}]\n{TOLD}")
    assert [one.field for one in outcome.differences] == ["steps[1].then.told[0]"]
    said = f"{HEAD}rows: [{{value: 3.5}}]\n{TOLD}"
    assert not played(tmp_path, said, LOAN.replace("It was due", "It was due 3.5 days ago")).differences


def test_why_is_said_of_its_own_timer(tmp_path: Path) -> None:
    lifecycle = LOAN.replace(
        "transitions:", "  other: {in: lent, after: P9D, on_timeout: lapse}\ntransitions:"
    )
    text = HEAD + LENT + "    then: {loaner:1: {timers: {NAME: {why: 2026-03-11}}}}\n"
    assert played(tmp_path, text.replace("NAME", "deadline"), lifecycle).differences
    assert not played(tmp_path, text.replace("NAME", "other"), lifecycle).differences


def test_nobody_has_no_parent(tmp_path: Path) -> None:
    assert not played(tmp_path, HEAD + LENT + "    then: {loaner:1: {parent: null}}\n").differences
    text = HEAD + LENT + "    parent: promise:P-1\n    then: {loaner:1: {parent: null}}\n"
    (difference,) = played(tmp_path, text).differences
    assert (difference.expected, difference.found) == (None, "promise:P-1")


@pytest.mark.parametrize("never", ["to: tom, ", "to: tom@example.org, ", "to: <tom>, ", ""])
def test_hours_are_those_of_whoever_is_told(never: str, tmp_path: Path) -> None:
    """Tom is told at 04:00 of his clock, 10:00 of the scenario's."""
    head = HEAD.replace('555", zone: Europe/Berlin', '555", zone: America/New_York')
    always = "always:\n  - {because: he sleeps, never_told: {%sbetween: ['04:00', '04:30']}}\n"
    assert [one.field for one in played(tmp_path, head + OVERDUE + always % never).differences] == [
        "always[0].never_told"
    ]
    assert not played(tmp_path, HEAD + OVERDUE + always % never).differences


KNOWN = (
    HEAD
    + """
  known:
    - {send: loaner.lend, to: "loaner:1", data: {customer: <tom>, due_at: <+P1D>}}
"""
)


def test_what_is_known_is_not_refused(tmp_path: Path) -> None:
    text = KNOWN + "    - {send: loaner.lend, to: 'loaner:1', data: {customer: <tom>, due_at: <+P1D>}}\n"
    outcome = played(tmp_path, text + "steps:\n  - then: {loaner:1: lent}\n")
    assert [(one.field, one.what) for one in outcome.differences] == [
        ("given.known[1]", "loaner:1 refused lend")
    ]


def test_what_must_always_be_so_begins_with_the_first_step(tmp_path: Path) -> None:
    steps = BACK.split("  - send: loaner.come_back")[1]
    text = KNOWN + "steps:\n  - send: loaner.come_back" + steps + "    rest: any\n"
    outcome = played(tmp_path, text + "always:\n  - {because: b, subject: 'loaner:1', state: refunding}\n")
    assert not outcome.differences


def test_what_is_known_comes_to_rest_or_is_told(tmp_path: Path) -> None:
    ring = """
edition: 2
lifecycle: ring
version: 1
states: [there]
transitions:
  - {trigger: go, source: initial, dest: there, effects: {emit: {to: =subject.key, trigger: on}}}
  - {trigger: on, source: there, dest: there, effects: {emit: {to: =subject.key, trigger: on}}}
"""
    text = HEAD + "  known: [{send: ring.go, to: 'ring:1'}]\nsteps:\n  - then: {ring:1: there}\n"
    (difference,) = played(tmp_path, text, ring).differences
    assert difference.field == "given.known[0]" and "without end" in difference.what


def test_a_file_with_a_mark_of_its_bytes_is_found_in_its_folder(tmp_path: Path) -> None:
    text = (HEAD + LENT + "    then: {loaner:1: lent}\n").lstrip().replace("\n", "\r\n")
    (tmp_path / "loaner.yaml").write_text(LOAN, encoding="utf-8")
    (tmp_path / "Größe und Maß.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [one.file.name for one in read_scenarios([tmp_path])] == ["Größe und Maß.yaml"]


def test_the_environment_sways_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_PUBLIC_URL", "https://elsewhere.example")
    assert not played(tmp_path, HEAD + OVERDUE.replace("It was due", "http://127.0.0.1")).differences


def refused(folder: Path, text: str) -> list[tuple[str, str]]:
    """The fields that are wrong in a scenario, with their rules."""
    (folder / "loaner.yaml").write_text(LOAN, encoding="utf-8")
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_scenarios([file])
    return [(one.field, one.rule) for one in error.value.problems]
