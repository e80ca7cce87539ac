"""The page about scenarios is true: its example goes as it says, and each answer that it shows is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.pages import DOCS, blocks, definitions
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import plain
from workflow.scenarios.running import RunOptions, run

PAGE = (DOCS / "testing.md").read_text(encoding="utf-8")
EXAMPLE, _ = blocks("testing.md", "yaml")
ANSWERS = {
    "{status: 422, field: data.due_at, rule: instant-form}": """
  - send: follow_up.write_down
    to: follow_up:18
    data: {customer: <ada>, words: W, due_at: soon, owner: <olga>}
    answer: {status: 422, field: data.due_at, rule: instant-form}
    then: {follow_up:18: none}
""",
    "{state: lent}": """
  - ask: /v1/subjects/follow_up:17
    answer: {state: late}
""",
    "turns away: 403": """
  - {send: follow_up.done, to: 'follow_up:17', as: agent, answer: 403}
  - {send: follow_up.done, to: 'follow_up:17', as: supervisor, answer: 403}
""",
    "what is an operator's, too: teams": """
  - {send: team.set, to: 'team:shop', data: {members: [<olga>]}, answer: {status: 403, rule: operator}}
  - {send: team.set, to: 'team:shop', as: operator, data: {members: [<olga>]}, then: {team:shop: staffed}}
""",
}


def put(folder: Path, text: str) -> Path:
    """A scenario where the page says that it stands; its file."""
    (definition,) = definitions("first-lifecycle.md")
    (folder / "lifecycles").mkdir()
    (folder / "lifecycles" / "follow_up.yaml").write_text(definition, encoding="utf-8")
    (folder / "scenarios").mkdir()
    file = folder / "scenarios" / "follow_up.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("said", ["", *ANSWERS])
def test_its_example_goes_as_it_says_and_so_do_answers_of_doors(said: str, tmp_path: Path) -> None:
    assert said in PAGE
    file = put(tmp_path, EXAMPLE + ANSWERS.get(said, "").removeprefix("\n"))
    (outcome,) = run(read_scenarios([file]), RunOptions(jobs=1))
    assert outcome.well, plain(outcome)
