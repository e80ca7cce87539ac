"""A scenario and what came of it, put together by hand: for what is said of outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.form.yaml_document import read_yaml
from workflow.scenarios.document import ScenarioDocument
from workflow.scenarios.outcome import Difference, Outcome, StoryEntry
from workflow.scenarios.scenario import Placed, PlacedStep, Scenario

FILE = Path("scenarios/loan.yaml")
BEGINS = datetime(2030, 1, 6, 8, tzinfo=UTC)
TEXT = """\
scenario: 1
title: What is lent is due after a week
steps:
  - say: Ada borrows a drill
    send: loan.lend
    to: loan:1
    then:
      loan:1: lent
  - at: +P7D
    then:
      loan:1: {state: overdue, timers: {reminder: 2030-01-14 09:00}}
      told: [{to: ada, about: reminder, words: bring it back}]
"""


def scenario(file: Path = FILE, title: str | None = None, row: int | None = None, **others: Any) -> Scenario:
    """The one of `TEXT`, in Berlin, as if it stood in that file."""
    value, lines = read_yaml(TEXT)
    document = ScenarioDocument.model_validate(value)
    steps = tuple(
        PlacedStep(step, Placed(file, f"steps[{number}]", lines), "none")
        for number, step in enumerate(document.steps)
    )
    given: dict[str, Any] = {
        "tags": (), "begins": BEGINS, "zone": ZoneInfo("Europe/Berlin"), "sources": (), "people": {},
        "values": {}, "tasks": {}, "known": (), "steps": steps, "always": (), "files": frozenset({file}),
    }  # fmt: skip
    return Scenario(file=file, title=title or str(document.title), row=row, **{**given, **others})


def difference(expected: Any, found: Any, field: str = "loan:1", what: str = "loan:1: state") -> Difference:
    """One at the second step of `TEXT`."""
    return Difference(f"steps[1].then.{field}", 11, str(FILE), what, expected, found)


def entry(days: float, kind: Any, words: str) -> StoryEntry:
    """Something that happened so many days after the beginning."""
    return StoryEntry(BEGINS + timedelta(days=days), kind, words)


STORY = [
    entry(0, "person", "Ada borrows a drill"),
    entry(0, "event", "loan:1 initial -> lent, lend"),
    entry(7, "timer", "loan:1 lent -> lost, timer deadline"),
    entry(7.0001, "notice", "email to ada@example.org about reminder: Where is our drill?"),
]


def failed(*differences: Difference, **others: Any) -> Outcome:
    """Ended at the second step."""
    return Outcome(scenario(**others), list(STORY), list(differences), step=1, seconds=0.25)
