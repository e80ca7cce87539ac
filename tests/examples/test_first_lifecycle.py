"""The page for somebody who knows spreadsheets is true: its commands, its rows, its formulas."""

from __future__ import annotations

import csv
import json
import re
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from typer.testing import CliRunner

from state_machines.catalog import load_catalog
from state_machines.definitions.lifecycle import load
from tests.examples.pages import DOCS, blocks, definitions
from tests.state_machines.story_world import World
from workflow.cli.commands import app
from workflow.cli.expression_tables import given

PAGE = "first-lifecycle.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")
(DEFINITION,) = definitions(PAGE)
KEY = "follow_up:17"
ROW: dict[str, Any] = {
    "customer": {"name": "Ada"},
    "words": "Ada hears what her repair costs",
    "due_at": "2026-03-06T12:00:00Z",
    "moved": 2,
    "how": "mail",
    "prices": [4, 20, 30],
}


def commands(name: str) -> list[list[str]]:
    """The arguments of each of these commands on the page, in order."""
    lines = "\n".join(blocks(PAGE, "sh"))
    return [
        shlex.split(one)
        for one in re.findall(rf"^makegood ({name} (?:'[^']*'|[^\n'])*)$", lines, re.MULTILINE)
    ]


def sent(world: World, arguments: list[str]) -> None:
    """What `makegood send` sends."""
    _, kind, subject, *data = arguments
    assert kind.partition(".")[0] == subject.partition(":")[0]
    world.send(subject, kind.partition(".")[2], **(json.loads(data[1]) if data else {}))


@pytest.fixture
def world() -> World:
    """A week before row 17 is due."""
    follow_up = load(DEFINITION)
    return World(
        now=datetime(2030, 1, 1, 12, tzinfo=UTC), lifecycles={**load_catalog(), follow_up.name: follow_up}
    )


def test_it_is_checked_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "lifecycles" / "follow_up.yaml"
    file.parent.mkdir()
    file.write_text(DEFINITION, encoding="utf-8")
    for arguments in (*commands("check"), *commands("draw")):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "follow_up.svg").read_text(encoding="utf-8").startswith("<svg")
    file.write_text(DEFINITION.replace("=data.owner", "=data.ownr", 1), encoding="utf-8")
    assert "ownr" in CliRunner().invoke(app, commands("check")[0]).output


def test_a_row_is_written_down_warned_about_moved_and_done(world: World) -> None:
    write_down, move, done = commands("send")
    sent(world, write_down)
    due = datetime(2030, 1, 8, 11, tzinfo=UTC)
    assert {name: one.due_at for name, one in world.subjects[KEY].timers.items()} == {
        "warning": due - timedelta(days=1),
        "deadline": due,
    }
    world.until(due - timedelta(hours=1))
    assert [one.notice.title for one in world.notices("nudge")] == ["Due within a day"]
    world.until(due + timedelta(hours=1))
    assert world.state(KEY) == "late" and world.notices("nudge")[-1].notice.title == "Late"
    sent(world, move)
    assert (world.state(KEY), world.data(KEY)["moved"]) == ("open", 1)
    assert world.subjects[KEY].timers["deadline"].due_at == due + timedelta(days=2)
    sent(world, done)
    assert world.state(KEY) == "done" and world.data(KEY)["was_late"] and world.subjects[KEY].timers == {}
    assert world.refused == []
    sent(world, move)
    assert len(world.refused) == 1


def test_the_whole_spreadsheet_is_sent(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "no": "17",
        "customer": "ada@example.org",
        "words": "w",
        "due_at": "2030-01-08T12:00:00Z",
        "owner": "o@s.example",
    }
    with (tmp_path / "rows.csv").open("w", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows([row, {**row, "no": "18"}])

    class Client:
        """In the place of the client: what it sends is decided here."""

        def __init__(self, url: str, key: str) -> None:
            assert url.endswith(":8080") and key

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def send(self, event: Any) -> None:
            """Decide it."""
            world.send(event.subject, event.type.partition(".")[2], **event.data)

    from makegood import Event

    stand_in = ModuleType("makegood")
    stand_in.Client, stand_in.Event = Client, Event  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "makegood", stand_in)
    monkeypatch.setenv("MAKEGOOD_API_KEY", "a-key")
    monkeypatch.chdir(tmp_path)
    (snippet,) = blocks(PAGE, "python")
    exec(snippet, {})
    assert [world.state(f"follow_up:{no}") for no in (17, 18)] == ["open", "open"]


def test_its_scenario_goes_as_it_says_and_notices_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "lifecycles" / "follow_up.yaml"
    scenario = tmp_path / "scenarios" / "moved_in_time.yaml"
    for one, text in ((file, DEFINITION), (scenario, blocks(PAGE, "yaml")[-1])):
        one.parent.mkdir()
        one.write_text(text, encoding="utf-8")
    for arguments in commands("test"):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
    file.write_text(DEFINITION.replace("Due within a day", "Due soon"), encoding="utf-8")
    assert CliRunner().invoke(app, commands("test")[0]).exit_code == 1


FORMULAS = re.findall(r"^\| `=.*?` .*?\| `(.+)` \| `(.+?)` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("expression", "gives"), FORMULAS)
def test_a_formula_gives_what_the_page_says(expression: str, gives: str) -> None:
    assert given(expression.replace("\\|", "|"), ROW) == gives


def test_expressions_take_ten_sentences_and_the_table_twenty_rows() -> None:
    assert len(re.findall(r"^\d+\. ", TEXT, re.MULTILINE)) == 10
    assert len(FORMULAS) >= 20
