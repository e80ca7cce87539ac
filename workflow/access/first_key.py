"""The first API key of an installation: made when there is none, shown once, kept in a file."""

from __future__ import annotations

from workflow.access import keys
from workflow.clock import clock_from
from workflow.settings import Settings
from workflow.store import open_store

FILE = "first-key"


def first_key(settings: Settings) -> str | None:
    """Make an operator's key if the installation has no key at all; None when it has one.

    The key is also written to `FILE` in the data directory, readable by its owner alone.
    """
    store = open_store(settings.database)
    try:
        if keys.listed(store):
            return None
        key = keys.create(store, keys.Role.OPERATOR, "first key", clock_from(settings.clock).now())
    finally:
        store.close()
    file = settings.data_dir / FILE
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(f"{key}\n", encoding="utf-8")
    return key
