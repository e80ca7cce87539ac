"""What a database on disk holds is nobody's but its owner's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workflow.cli.failures import words_of
from workflow.errors import SettingsError, StoreError
from workflow.settings import Settings, ensure_data_dir
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


def test_where_no_file_can_be_made_the_setting_and_the_reason_are_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    with pytest.raises(StoreError, match=r"database: .*taken/in cannot be made: Not a directory"):
        open_store(f"sqlite:///{taken / 'in' / 'makegood.db'}")
    with pytest.raises(SettingsError, match=r"MAKEGOOD_DATA_DIR: .*taken/in cannot be made: Not a directory"):
        ensure_data_dir(Settings(data_dir=taken / "in"))


def test_a_command_tells_of_a_file_in_words(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised:
        (tmp_path / "no" / "such").read_bytes()
    assert words_of(raised.value) == f"{tmp_path / 'no' / 'such'}: No such file or directory"
    assert words_of(OSError("of no file")) is None
