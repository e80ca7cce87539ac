"""From a database URL to a store."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from workflow.errors import StoreError
from workflow.store.port import Store
from workflow.store.sqlite import SqliteStore

_OWNER_ALONE = 0o600


def _make_private(database: Path) -> None:
    """Make the file of a new database, which nobody else of this machine reads: it holds personal data.

    What SQLite puts beside it (its journal) gets the same mode. One that exists keeps its own.
    """
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not database.exists():
        database.touch(_OWNER_ALONE, exist_ok=True)


def open_store(url: str, *, durable: bool = True, patient: bool = False) -> Store:
    """The store behind `url`: ``sqlite:///path`` or ``postgresql://...`` (psycopg 3 is the driver).

    `patient` is for statements that may take minutes: else a PostgreSQL that does not answer within some
    seconds is given up as one that hangs, and what was done is rolled back.

    Raises:
        StoreError: the URL names neither, the driver is not installed, or the file cannot be made.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                _make_private(Path(parsed.database))
            return SqliteStore(parsed, durable=durable)
        if parsed.get_backend_name() == "postgresql":
            from workflow.store.postgresql import PostgresStore  # whose driver takes long to import

            return PostgresStore(
                parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False),
                patient=patient,
            )
    except OSError as error:
        raise StoreError(f"database: {error.filename} cannot be made: {error.strerror}") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"MAKEGOOD_DATABASE_URL: {error}") from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"MAKEGOOD_DATABASE_URL: the driver {error.name} is missing; install makegood[postgresql]"
        ) from error
    raise StoreError(f"MAKEGOOD_DATABASE_URL: {parsed.get_backend_name()} is neither sqlite nor postgresql")
