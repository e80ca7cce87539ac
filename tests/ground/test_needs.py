"""The table of needs names a test for each that stands, and each test that it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "console-needs.md"
_ROW = re.compile(
    r"^\| (\d+) \| (?P<need>[^|]+) \| (?P<stands>[^|]*) \| (?P<page>[^|]*) \| (?P<test>[^|]*) \|"
)
_NAMED = re.compile(
    r"`(?:(?P<folder>[\w/]+)/)?(?P<file>test_\w+)`(?P<tests>(?:: \*[^*]+\*(?:; \*[^*]+\*)*)?)"
)
_ITALIC = re.compile(r"\*([^*]+)\*")
_SAME = "the same"


def rows() -> list[re.Match[str]]:
    """Each need."""
    return [found for line in TABLE.read_text(encoding="utf-8").splitlines() if (found := _ROW.match(line))]


def named(cell: str) -> Iterator[tuple[Path | None, str]]:
    """Each test that a cell names, with the file in which it is; empty: the file alone."""
    for one in _NAMED.finditer(cell):
        folders = [one["folder"]] if one["folder"] else ["tests/browser", "tests/api"]
        places = [ROOT / folder / f"{one['file']}.py" for folder in folders]
        place = next((found for found in places if found.exists()), None)
        yield from ((place, name) for name in _ITALIC.findall(one["tests"]) or [""])


def test_there_are_forty() -> None:
    assert len(rows()) == 40


def test_each_need_names_a_test_that_is_there() -> None:
    wrong = []
    for row in rows():
        found = list(named(row["test"]))
        if not found and row["test"].strip() != _SAME:
            wrong.append(f"{row['need']}: no test")
        for place, name in found:
            said = re.sub(r"\W", "_", name)  # a part of its name is enough
            if place is None or not re.search(rf"def test_\w*{said}", place.read_text(encoding="utf-8")):
                wrong.append(f"{row['need']}: {place}: {name}")
    assert wrong == []


def test_the_count_at_the_end_is_that_of_the_table() -> None:
    part = sum(row["stands"].startswith("part") for row in rows())
    stand = sum(row["stands"].startswith("yes") for row in rows())
    last = TABLE.read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert last == f"Of forty: {stand} stand, {part} in part."
