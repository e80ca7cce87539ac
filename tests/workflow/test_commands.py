"""The list of commands says of each what the command itself says, and loads none of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.cli.commands import LINES, app, loaded

ROOT = Path(__file__).parents[2]
HEAVY = {
    "sqlalchemy",
    "alembic",
    "celery",
    "kombu",
    "redis",
    "pydantic",
    "fastapi",
    "httpx",
    "transitions",
    "yaml",
}
"""What takes a tenth of a second or ten megabytes to load."""


@pytest.mark.parametrize("name", LINES)
def test_a_command_is_listed_by_the_first_line_of_its_own_help(name: str) -> None:
    text = " ".join(loaded(name).help.split("\n\n")[0].split())
    assert text.startswith(LINES[name])


def test_every_command_is_listed_in_the_order_of_the_table() -> None:
    said = CliRunner().invoke(app, ["--help"]).stdout
    places = [said.index(f"\u2502 {name} ") for name in LINES]
    assert places == sorted(places)


def test_what_is_no_command_is_said() -> None:
    said = CliRunner().invoke(app, ["nosuch"])
    assert said.exit_code == 2 and "No such command 'nosuch'" in said.output


def loads(program: str) -> set[str]:
    """Which of the heavy packages a program loads."""
    ending = "; import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program + ending],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr)} & HEAVY


def test_the_list_of_commands_loads_nothing_heavy() -> None:
    assert loads("from workflow.cli.commands import app; app(['--help'], standalone_mode=False)") == set()


def test_no_command_loads_anything_heavy_before_it_is_run() -> None:
    # Typer itself reads parameters with pydantic.
    program = "from workflow.cli.commands import LINES, loaded; [loaded(name) for name in LINES]"
    assert loads(program) - {"pydantic"} == set()
