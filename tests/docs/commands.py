"""Commands as pages show them, to be typed into a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
_BLOCK = re.compile(r"^( *)```(?:sh|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"[A-Z][A-Z_]*=.*")


@dataclass(frozen=True)
class Command:
    """One command: its page, and its text in as many lines as it has."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        """The program and its arguments, without comments and the settings before it."""
        words = shlex.split(self.text, comments=True)
        while words and _SETTING.fullmatch(words[0]):
            del words[0]
        return words

    @property
    def program(self) -> str:
        """The program's name; empty where nothing but settings is said."""
        return self.words[0] if self.words else ""

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.text.split())[:60]}"


def commands() -> list[Command]:
    """All of them, page by page."""
    return [
        Command(str(page.relative_to(ROOT)), text)
        for page in PAGES
        for _, block in _BLOCK.findall(page.read_text(encoding="utf-8"))
        for text in _typed(block)
    ]


def _typed(block: str) -> Iterator[str]:
    """What is typed in a block: all its lines, or where some begin with a prompt, those."""
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    waiting = ""
    for line in prompted or lines:
        waiting = f"{waiting}\n{line}" if waiting else line
        if not waiting.endswith("\\") and _is_whole(waiting):
            yield waiting
            waiting = ""
    assert not waiting, f"a command does not end: {waiting}"


def _is_whole(text: str) -> bool:
    try:
        return bool(shlex.split(text, comments=True))
    except ValueError:  # a quotation that goes on
        return False
