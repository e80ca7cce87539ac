"""A store with one bell in it, for a channel that looks there for the browser that it reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from tests.servers.migrated_files import migrated
from tests.servers.push_service import new_browser
from workflow.access import bells
from workflow.access.bells import Bell
from workflow.recovery.bells import push_keys
from workflow.store import open_store
from workflow.store.port import Store

BELL = "b17"
_NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def store_with_bell(origin: str) -> Store:
    """The bell `BELL` of a browser whose push service is at this origin."""
    url = f"sqlite:///{Path(mkdtemp(prefix='makegood-bell-')) / 'makegood.db'}"
    migrated(url)
    store = open_store(url)
    key = push_keys(store, _NOW).public
    address = new_browser(f"{origin}/push/1", key).address
    with store.begin() as transaction:
        bells.add(
            transaction,
            Bell(
                BELL, "p", "s", address.endpoint, address.public_key, address.auth, key, "a browser", None,
                None, _NOW, _NOW, None, (), told=False, version=1,
            ),
        )  # fmt: skip
    return store
