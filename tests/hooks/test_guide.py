"""What the page about routes shows is what is so: its route, its message, its command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.hooks.signing import SECRETS
from workflow.cli.commands import app
from workflow.hooks.open_routes import READY, ready_names

PAGE = Path(__file__).parents[2] / "docs" / "routes-in.md"
runner = CliRunner()


def block(kind: str, begins: str) -> str:
    """The first fenced block of this kind that begins so."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return next(text for text in found if text.startswith(begins))


def test_the_route_of_the_page_makes_of_its_message_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes" / "shop.yaml").write_text(block("yaml", "# routes/shop.yaml"), encoding="utf-8")
    (tmp_path / "broken.json").write_text(block("json", '{"delivery"'), encoding="utf-8")
    checked = runner.invoke(app, ["check", "routes/"])
    assert (checked.exit_code, checked.stderr) == (0, "1 route checked, no problems\n"), checked.output
    result = runner.invoke(app, ["route", "test", "routes/shop.yaml", "broken.json", "--json"])
    assert result.exit_code == 0, result.output
    known, opened = json.loads(result.stdout)[0]["events"]
    assert (known["state"], opened["state"]) == ("known", "listening")
    assert known["event"]["data"] == {"email": "ines@mail.example"}


def test_every_ready_route_stands_in_the_table() -> None:
    rows = re.findall(
        r"^\| `([a-z]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name in rows if (READY / f"{name}.yaml").exists()] == ready_names() == sorted(SECRETS)


def test_a_mail_is_as_the_page_shows_it() -> None:
    from workflow.hooks.mail import mail_value

    shown = json.loads(block("json", '{"from"'))
    assert shown.keys() == mail_value(b"From: kim@mail.example\n\nHello").keys()
