"""The first API key of an installation: made when there is none, shown once, kept in a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from workflow.access import keys
from workflow.store import Store

FILE = "first-key"


def first_key(store: Store, data_dir: Path, now: datetime) -> str | None:
    """Make an operator's key if the store has no key at all; None when it has one.

    The key is also written to `FILE` in the data directory, readable by its owner alone.
    """
    if keys.listed(store):
        return None
    key = keys.create(store, keys.Role.OPERATOR, "first key", now)
    file = data_dir / FILE
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(f"{key}\n", encoding="utf-8")
    return key
