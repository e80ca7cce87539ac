"""The page about adding a channel is true: followed word for word in a copy, a notice goes over it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "add-a-channel.md").read_text(encoding="utf-8")
SEND = """
from datetime import UTC, datetime
from pydantic import SecretStr
from tasks.channels.port import Notice
from tasks.channels.table import configured
from workflow.clock import SystemClock
from workflow.settings import Settings

options = '{"fax": {"spool": "faxes"}}'
table = configured(Settings(channel_options=SecretStr(options)), SystemClock())
notice = Notice(
    "recall:1/1/0", "recall:1", "fax", {"fax": "+49 30 123"}, "danger", "Stop using it", "Bring it back.", {},
    datetime(2026, 3, 2, tzinfo=UTC),
)
print(table["fax"].send(notice, notice.key).answer)
"""


def blocks(language: str) -> list[str]:
    """What the page shows in this language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the three packages with the page's steps done."""
    for package in ("state_machines", "workflow", "tasks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    adapter, registration, _ = blocks("python")
    (tmp_path / "tasks" / "channels" / "fax.py").write_text(adapter, encoding="utf-8")
    place = tmp_path / "workflow" / "recovery" / "contact" / "channels.py"
    text, end = place.read_text(encoding="utf-8"), ')\n"""Those that ship."""'
    assert text.count(end) == 1
    place.write_text(text.replace(end, f"    {registration.strip()},\n{end}"), encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "recall.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    (tmp_path / "faxes").mkdir()
    return tmp_path


def run(copy: Path, *arguments: str) -> str:
    """What a program says that runs in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_the_page_about_adding_a_channel_can_be_followed(copy: Path) -> None:
    assert "no problems" in run(copy, "-m", "workflow.cli", "check", "mine/recall.yaml")
    for _ in range(2):  # tried again, it is the same fax
        assert run(copy, "-c", SEND) == "spooled\n"
    (fax,) = (copy / "faxes").glob("*.fax")
    assert fax.read_text(encoding="utf-8").startswith("To: +49 30 123\n\nStop using it\n")


def test_without_the_registration_the_definition_is_refused(copy: Path) -> None:
    place = copy / "workflow" / "recovery" / "contact" / "channels.py"
    shutil.copyfile(ROOT / place.relative_to(copy), place)
    said = run(copy, "-m", "workflow.cli", "check", "mine/recall.yaml")
    assert "there is no channel 'fax'" in said and "no problems" not in said
