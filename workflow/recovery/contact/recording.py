"""Where the recording channel keeps its notices, and how they are read: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE = "notices.jsonl"
_MOST_READ = 4 * 1024 * 1024
"""Bytes of a recording that are looked through for one page, about."""
_BLOCK = 64 * 1024


def recording_file(data_dir: Path) -> Path:
    """The file of an installation's recorded notices; it appears with the first one."""
    return data_dir / FILE


def recorded(path: Path) -> list[dict[str, Any]]:
    """The notices in a recording, oldest first; none when there is no file yet.

    A last line that is still being written is left for the next time.
    """
    if not path.is_file():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    return [orjson.loads(line) for line in lines if line.endswith(b"\n")]


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """Some of the notices in a recording, newest first.

    Attributes:
        notices: as they were recorded.
        older: where the next page begins; None: that was all.
    """

    notices: list[dict[str, Any]]
    older: int | None


def newest(path: Path, limit: int, *, before: int | None = None, person: str | None = None) -> RecordedPage:
    """The newest notices of a recording. Reads some megabytes at most: a page may have fewer than `limit`.

    Args:
        before: `older` of the page before; None: from the end.
        person: only those to this one, as `person_of` calls them.
    """
    size = path.stat().st_size if path.is_file() else 0
    end = size if before is None else min(before, size)
    found: list[dict[str, Any]] = []
    for place, line in _backwards(path, end):
        notice = orjson.loads(line)
        if person is None or person_of(notice) == person:
            found.append(notice)
        if len(found) == limit or end - place > _MOST_READ:
            return RecordedPage(found, place or None)
    return RecordedPage(found, None)


def person_of(notice: dict[str, Any]) -> str:
    """Who would have got it, by one word whatever the channel, as far as they are known by one."""
    to = notice["to"]
    if not isinstance(to, dict):
        return str(to)
    named = (str(to[name]) for name in ("key", "email", "phone", "name") if to.get(name))
    return next(named, orjson.dumps(to, option=orjson.OPT_SORT_KEYS).decode())


def _backwards(path: Path, end: int) -> Iterator[tuple[int, bytes]]:
    """The whole lines that end before this place, the last first, each with where it begins."""
    if end == 0:
        return
    with path.open("rb") as file:
        rest, place = b"", end
        while place > 0:
            length = min(_BLOCK, place)
            place -= length
            file.seek(place)
            rest = file.read(length) + rest
            lines = rest.splitlines(keepends=True)
            rest, whole = (b"", lines) if place == 0 else (lines[0], lines[1:])
            begins = place + len(rest) + sum(map(len, whole))
            for line in reversed(whole):
                begins -= len(line)
                if line.endswith(b"\n"):
                    yield begins, line
