"""An installation for a test: a real broker of its own, a fresh database, and workers to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.installation import Installation
from tests.servers import ValkeyServer


@pytest.fixture
def installation(tmp_path: Path, valkey_server: ValkeyServer, database_url: str) -> Iterator[Installation]:
    """On SQLite and on PostgreSQL in turn."""
    with Installation(tmp_path, valkey_server, database_url) as installation:
        yield installation


@pytest.fixture
def sqlite_installation(tmp_path: Path, valkey_server: ValkeyServer) -> Iterator[Installation]:
    """On SQLite, for what does not depend on the store."""
    with Installation(tmp_path, valkey_server, f"sqlite:///{tmp_path / 'makegood.db'}") as installation:
        yield installation
