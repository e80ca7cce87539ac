"""The examples of docs/calendars.md: each row is lived through, and told as the page says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from state_machines.calendars.source import WEEKDAYS
from state_machines.check import check
from state_machines.decide import apply_decision, decide
from state_machines.decision import Event
from state_machines.definitions.lifecycle import load
from state_machines.subject import Subject
from state_machines.timeouts.account import account
from state_machines.values.instants import localize, zone
from tests.state_machines.paper_calendar import Paper
from workflow.engine.ledger import Retold
from workflow.recovery.vocabulary import register

PAGE = (Path(__file__).parents[2] / "docs/calendars.md").read_text(encoding="utf-8")
CALENDARS: dict[str, Any] = yaml.safe_load(re.findall(r"```yaml\n(office:.*?)```", PAGE, re.DOTALL)[0])
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| [0-9]+ \|", line)
]
_DAYS = re.compile(r"(?:after|every)? ?P(?:([0-9]+)W)?(?:([0-9]+)D)?(?: before (.+))?")
_TEXT = """\
edition: 3
lifecycle: row
version: 1
calendars: {{{calendars}}}
data: {{at: instant}}
triggers: {{begin: {{data: {{at: instant}}}}}}
states: [runs, waits]
timeouts: {{it: {{in: [runs, waits], {timeout}, on_timeout: fire}}}}
transitions:
  - {{trigger: begin, source: initial, dest: runs, change: {{copy: at}}}}
  - {{trigger: wait, source: runs, dest: waits}}
  - {{trigger: go_on, source: waits, dest: runs}}
  - {{trigger: fire, source: [runs, waits]}}
"""


def lived(name: str, said: str, set_at: str, pause: str) -> tuple[datetime | None, list[str]]:
    """When the timer of a row is due at its end, and what is told of it."""
    where = str(CALENDARS[name]["zone"]) if name else "Europe/Berlin"
    data: dict[str, Any] = {}
    kind, _, rest = said.partition(" ")
    timeout = f"{kind}: {rest}"
    if rest.startswith("before "):
        timeout, data = f"before: data.at, lead: {kind}", {"at": instant(rest, where).isoformat()}
    if name:
        timeout += f", calendar: {name}"
    if pause:
        timeout += ", paused_in: waits"
    calendars = f"{name}: {yaml.safe_dump(CALENDARS[name], default_flow_style=True)}" if name else ""
    lifecycle = load(_TEXT.format(calendars=calendars.strip(), timeout=timeout))
    acts = [(instant(set_at, where), "begin", data)]
    if pause:
        begin, end = pause.split(" to ")
        acts += [(instant(begin, where), "wait", {}), (instant(end, where), "go_on", {})]
    subject = Subject("row:1", "row", 1)
    for number, (now, trigger, brought) in enumerate(acts):
        event = Event(trigger, f"e-{number}", "/tests", now, brought)
        decision = decide(lifecycle, subject, event, now)
        after = apply_decision(subject, event, decision, now)
        told = Retold(lifecycle, subject, event, decision, now, after)
        subject = after
    timer = subject.timers["it"]
    return timer.due_at, account(lifecycle.timeouts["it"], timer, told.view(), zone(where))


def instant(text: str, where: str) -> datetime:
    """``Thu 2026-04-02 10:00`` by the clock of a zone; the weekday must be that of the date."""
    found = re.search(r"([A-Z][a-z]{2}) ([0-9-]{10} [0-9:]{5})", text)
    assert found is not None, text
    wall = datetime.fromisoformat(found[2])
    assert WEEKDAYS[wall.weekday()] == found[1].lower(), text
    return localize(wall, where)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_an_example_is_due_when_the_page_says_and_because_of_that(row: list[str]) -> None:
    _, name, said, set_at, pause, due, because = row
    where = str(CALENDARS[name]["zone"]) if name else "Europe/Berlin"
    due_at, told = lived(name, said, set_at, pause)
    assert due_at == instant(due, where)
    assert because in " ".join(told), told


def day_by_day(source: dict[str, Any]) -> dict[str, Any]:
    """A calendar with each weekday written out."""
    weekly = {}
    for days, blocks in source["weekly"].items():
        first, _, last = days.partition("-")
        for day in WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1]:
            weekly[day] = blocks
    return {**source, "weekly": weekly}


OF_DAYS = [row for row in ROWS if row[1] and not row[4] and _DAYS.fullmatch(row[2])]


@pytest.mark.parametrize("row", OF_DAYS, ids=[row[0] for row in OF_DAYS])
def test_a_calendar_of_paper_agrees_on_days_and_weeks(row: list[str]) -> None:
    _, name, said, set_at, _, due, _ = row
    days = _DAYS.fullmatch(said)
    assert days is not None
    where = str(CALENDARS[name]["zone"])
    begin = instant(days[3] or set_at, where)
    first = datetime.fromtimestamp(begin.timestamp() - 14 * 86400, begin.tzinfo)
    paper = Paper(day_by_day(CALENDARS[name]), where, first, 40 * 1440)
    minute = round((begin - first).total_seconds() // 60)
    weeks, number = int(days[1] or 0), int(days[2] or 0)
    found = paper.subtract(minute, weeks, number) if days[3] else paper.add(minute, weeks, number)
    assert found == round((instant(due, where) - first).total_seconds() // 60)


def test_there_are_fifteen_examples_and_more_and_no_two_alike() -> None:
    assert len(ROWS) >= 15
    assert len({tuple(row[1:5]) for row in ROWS}) == len(ROWS)


def test_the_lifecycle_of_the_page_is_sound() -> None:
    register()
    text = re.findall(r"```yaml\n(edition: 3.*?)```", PAGE, re.DOTALL)[0]
    assert check(text) == []
