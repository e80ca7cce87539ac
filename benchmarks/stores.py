"""A fresh store of either kind for each run: fsync on, as in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.servers import PostgresServer
from workflow.store import migrate


@dataclass
class Stores:
    """Gives out databases; one PostgreSQL serves a whole session."""

    directory: Path
    server: PostgresServer | None = None
    made: int = 0

    def fresh(self, kind: str) -> str:
        """URL of an empty, migrated database: `sqlite` or `postgresql`."""
        self.made += 1
        if kind == "sqlite":
            url = f"sqlite:///{self.directory / f'{self.made}.db'}"
        else:
            if self.server is None:
                place = Path(mkdtemp(dir=self.directory))
                self.server = PostgresServer(place, durable=True)
                self.server.start()
            url = self.server.url(self.server.create_database())
        migrate(url)
        return url


@contextmanager
def open_stores(directory: Path) -> Iterator[Stores]:
    """Stores that are gone at the end."""
    stores = Stores(directory)
    try:
        yield stores
    finally:
        if stores.server is not None:
            stores.server.stop()
