"""The first key: an operator's, made once, and readable by its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

from workflow.access import keys
from workflow.access.first_key import FILE, first_key
from workflow.clock import SystemClock
from workflow.settings import Settings
from workflow.store import migrate, open_store


def test_a_fresh_installation_gets_one_key_and_no_second(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'makegood.db'}", data_dir=tmp_path)
    migrate(settings.database)
    text = first_key(settings)
    assert text is not None
    assert first_key(settings) is None
    store = open_store(settings.database)
    try:
        key = keys.verify(store, text, SystemClock().now())
        assert key is not None
        assert key.role is keys.Role.OPERATOR
        assert len(keys.listed(store)) == 1
    finally:
        store.close()
    file = tmp_path / FILE
    assert file.read_text() == f"{text}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
