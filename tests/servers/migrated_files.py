"""SQLite files with the newest schema and no row, for tests: to copy one is a hundred times quicker."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

from workflow.store import migrate


@cache
def migrated_bytes() -> bytes:
    """What stands in such a file; migrated once a test process."""
    with TemporaryDirectory(prefix="makegood-migrated-") as directory:
        path = Path(directory) / "migrated.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def migrated(url: str) -> None:
    """As `migrate`, whatever is behind `url`; a file of SQLite that is not there yet becomes a copy."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite" and parts.database and not Path(parts.database).exists():
        Path(parts.database).write_bytes(migrated_bytes())
    migrate(url)
