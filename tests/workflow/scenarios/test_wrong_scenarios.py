"""What is wrong with a scenario is said by file, line, field and rule, and nothing is played."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from state_machines.errors import Problem
from state_machines.form.yaml_document import read_yaml
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.running import RunOptions, run

HERE = Path(__file__).parent
RIGHT = HERE / "right" / "scenario.yaml"
WRONG: list[dict[str, Any]] = read_yaml((HERE / "wrong.yaml").read_text(encoding="utf-8"))[0]


def told(problem: Problem) -> str:
    """As the table writes it, without the sentence."""
    assert problem.file is not None
    return f"{Path(problem.file).name}:{problem.line} {problem.field} [{problem.rule}]"


def problems_of(file: Path) -> list[Problem]:
    """What is said of it."""
    with pytest.raises(ScenarioError) as refused:
        read_scenarios([file])
    return refused.value.problems


def test_the_right_one_is_played_and_goes_well() -> None:
    played: list[Outcome] = list(run(read_scenarios([RIGHT]), RunOptions(jobs=1)))
    assert [(one.well, one.differences, one.error) for one in played] == [(True, [], None)] * 2


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one["name"])
def test_a_wrong_scenario(wrong: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    shutil.copytree(RIGHT.parent, folder)
    loan = (folder / "loan.yaml").read_text(encoding="utf-8")
    (folder / "other_loan.yaml").write_text(f"{loan}title: Another\n", encoding="utf-8")
    file = folder / RIGHT.name
    text = file.read_text(encoding="utf-8")
    assert wrong["right"] in text
    file.write_text(text.replace(wrong["right"], wrong["wrong"], 1), encoding="utf-8")

    problems = problems_of(file)

    says = wrong["says"] if isinstance(wrong["says"], list) else [wrong["says"]]
    assert [told(one) for one in problems] == says
    for one in problems:
        assert str(one).startswith(f"{one.file}:{one.line}: {one.field}: {one.message} [")
        assert one.message == one.message.strip() and "\n" not in one.message
        assert not re.search(r"[.!]$|[.] [A-Z]", one.message), "one sentence, as all problems are"


def test_the_table_is_long_and_each_case_of_its_own() -> None:
    assert len(WRONG) >= 40
    assert len({one["name"] for one in WRONG}) == len(WRONG)


def test_everything_that_is_wrong_in_all_files_is_said_at_once(tmp_path: Path) -> None:
    shutil.copytree(RIGHT.parent, tmp_path, dirs_exist_ok=True)
    right = RIGHT.read_text(encoding="utf-8")
    (tmp_path / "one.yaml").write_text(right.replace("overdue\n", "overdu\n").replace("+P4D", "+4d"))
    (tmp_path / "two.yaml").write_text(right.replace("\ntitle:", "\ntitel:"))
    with pytest.raises(ScenarioError) as refused:
        read_scenarios([tmp_path])
    assert [told(one) for one in refused.value.problems] == [
        "one.yaml:24 steps[2].at [duration-form]",
        "one.yaml:26 steps[2].then.loan:<number> [unknown-state]",
        "two.yaml:2 titel [unknown-field]",
    ]
    assert str(refused.value).count("\n") == 2


def test_rows_that_are_wrong_alike_are_told_once_and_others_each(tmp_path: Path) -> None:
    shutil.copytree(RIGHT.parent, tmp_path, dirs_exist_ok=True)
    text = RIGHT.read_text(encoding="utf-8")
    text = text.replace("choice: 1}", "choice: Mars}").replace("choice: 0}", "choice: Europe/Berlin}")
    text = text.replace("at: +P4D", "at: 2026-03-06 10:00 in <choice>")
    (tmp_path / "scenario.yaml").write_text(text, encoding="utf-8")
    [problem] = problems_of(tmp_path / "scenario.yaml")
    assert told(problem) == "scenario.yaml:24 steps[2].at [unknown-zone]"
    assert "row" not in problem.message

    (tmp_path / "scenario.yaml").write_text(text.replace("Europe/Berlin}", "Venus}").replace("Mars", "UTC"))
    [problem] = problems_of(tmp_path / "scenario.yaml")
    assert problem.message.endswith("'Europe/Berlin', in row 2 of the table")
