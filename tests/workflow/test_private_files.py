"""What a database on disk holds is nobody's but its owner's."""

from __future__ import annotations

import os
from pathlib import Path

from workflow.store.migrating import migrate
from workflow.store.opening import open_store


def test_a_new_database_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "makegood.db"
    before = os.umask(0o022)
    try:
        migrate(f"sqlite:///{path}")
    finally:
        os.umask(before)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_one_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "makegood.db"
    path.touch(0o640)
    path.chmod(0o640)
    open_store(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o640
