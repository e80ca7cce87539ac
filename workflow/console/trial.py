"""Trying a lifecycle that somebody has written into a page: checked, drawn, tested, replayed.

Each is a command of ours, in a process and a folder of its own, without the settings of this installation: it
reads no database, knows no secret, and what takes too long ends with it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from workflow.settings import PREFIX

SECONDS = 60
"""How long one command may take."""
_LONGEST = 200_000
"""Characters of an answer that are shown."""
_AT_ONCE = BoundedSemaphore(2)
_LANGUAGE = re.compile(r"^language:[ \t]*[\"']?([a-z]{2,3})[\"']?[ \t]*\r?$", re.MULTILINE)
_DEFINITION, _SCENARIO, _LOG, _MAP = "lifecycle.yaml", "scenario.yaml", "log", "map.yaml"
_REPORT, _MOVES = "report.json", "moves.jsonl"
_WHERE_THEY_ARE = f"moves: {_MOVES}\nreport: {_REPORT}\n"
"""What the command says of its files, which are gone with their folder."""


class TrialBusy(Exception):
    """Others try something just now."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What somebody has written.

    Attributes:
        text: the lifecycle, YAML.
        words: the files of words that stand beside it, one after another; each begins with its ``language:``.
    """

    text: str
    words: str = ""

    def files(self) -> dict[str, str]:
        """By name, as they would stand beside each other."""
        found, end = {_DEFINITION: self.text}, len(self.words)
        for start in reversed([*_LANGUAGE.finditer(self.words)]):
            found[f"lifecycle.{start[1]}.yaml"] = self.words[start.start() : end]
            end = start.start()
        return found


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        well: whether nothing was wrong.
        text: what the command says; of a drawing the SVG.
    """

    well: bool
    text: str


def check(definition: Definition) -> Trial:
    """What is wrong with it: field, rule and line. Raises TrialBusy."""
    return _run(definition.files(), "check", _DEFINITION)


def draw(definition: Definition) -> Trial:
    """Its drawing as SVG. Raises TrialBusy."""
    return _run(definition.files(), "draw", _DEFINITION, "--format", "svg")


def test(definition: Definition, scenario: str) -> Trial:
    """What a scenario comes to. Raises TrialBusy."""
    files = definition.files() | {_SCENARIO: scenario}
    return _run(files, "test", _SCENARIO, "--jobs", "1", "--verbose")


def replay(definition: Definition, log: str, wanted: str) -> Trial:
    """What a log of real events comes to, as CSV, or JSON Lines where it begins so. Raises TrialBusy."""
    name = f"{_LOG}.jsonl" if log.lstrip().startswith("{") else f"{_LOG}.csv"
    files = definition.files() | {name: log, _MAP: wanted}
    more = ("--map", _MAP, "--report", _REPORT, "--moves", _MOVES)
    return _run(files, "replay", name, "--lifecycle", _DEFINITION, *more)


def _run(files: Mapping[str, str], *command: str) -> Trial:
    if not _AT_ONCE.acquire(blocking=False):
        raise TrialBusy
    try:
        with tempfile.TemporaryDirectory(prefix="makegood-trial-") as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text.replace("\r\n", "\n"), encoding="utf-8")
            return _said(folder, command)
    finally:
        _AT_ONCE.release()


def _said(folder: str, command: tuple[str, ...]) -> Trial:
    given = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {f"{PREFIX}DATA_DIR": folder, "COLUMNS": "100", "NO_COLOR": "1", "TMPDIR": folder}
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [given.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "workflow.cli", *command],
            cwd=folder,
            env=given | own | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Trial(False, f"It took longer than {SECONDS} seconds, and was ended.")
    drawn = command[0] == "draw" and done.returncode == 0
    said = done.stdout if drawn else f"{done.stdout}{done.stderr}"
    if done.returncode == 0 and (moves := Path(folder) / _MOVES).is_file():
        said = f"{said.replace(_WHERE_THEY_ARE, '')}\n{_told(moves)}"
    return Trial(done.returncode == 0, said.replace(f"{folder}/", "")[:_LONGEST].strip())


def _told(moves: Path) -> str:
    """Each move of a replay on a line, as far as there is room."""
    told, room = [], _LONGEST
    with moves.open(encoding="utf-8") as lines:
        for one in map(json.loads, lines):
            told.append(f"{one['at']}  {one['subject']}  {one['trigger']}: {one['from']} → {one['to']}")
            room -= len(told[-1])
            if room < 0:
                break
    return "\n".join(told)
