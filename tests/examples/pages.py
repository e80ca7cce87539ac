"""The definitions that a page of the documentation shows, each with the words that the page gives it."""

from __future__ import annotations

import re
from pathlib import Path

from state_machines.form.bundle import bundle_text

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_BEGINS = re.compile(r"(?:#[^\n]*\n)*(?:edition: [23]\n)?lifecycle: ([a-z_]+)\n")
_WORDS = re.compile(r"(?:#[^\n]*\n)*language: ([a-zA-Z-]+)\n")


def blocks(page: str, language: str) -> list[str]:
    """What a page shows in this language, in order, without the indent of a list."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        re.sub(f"^{indent}", "", shown, flags=re.MULTILINE)
        for indent, named, shown in _BLOCK.findall(text)
        if named == language
    ]


def definitions(page: str) -> list[str]:
    """The bundles of the definitions on a page, in order.

    The words belong to all definitions of the page that take a template.
    """
    shown = blocks(page, "yaml")
    words = [one for one in shown if _WORDS.match(one)]
    return [
        bundle_text(one, _files(name[1], words) if "template:" in one else {})
        for one in shown
        if (name := _BEGINS.match(one))
    ]


def _files(lifecycle: str, words: list[str]) -> dict[str, str]:
    return {f"{lifecycle}.{match[1]}.yaml": one for one in words if (match := _WORDS.match(one))}
