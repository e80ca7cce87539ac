"""The first key: an operator's, made once, and readable by its owner alone."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

from workflow.access import keys
from workflow.access.first_key import FILE, first_key
from workflow.store import migrate, open_store

NOW = datetime(2026, 10, 13, 15, tzinfo=UTC)


def test_a_fresh_store_gets_one_key_and_no_second(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    migrate(url)
    store = open_store(url)
    try:
        text = first_key(store, tmp_path, NOW)
        assert text is not None
        key = keys.verify(store, text)
        assert key is not None
        assert key.role is keys.Role.OPERATOR
        assert first_key(store, tmp_path, NOW) is None
        assert len(keys.listed(store)) == 1
    finally:
        store.close()
    file = tmp_path / FILE
    assert file.read_text() == f"{text}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
