"""Where the recording channel keeps its notices, and how they are read: one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

FILE = "notices.jsonl"


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
