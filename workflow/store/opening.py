"""From a database URL to a store."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from workflow.errors import StoreError
from workflow.store.port import Store
from workflow.store.sqlite import SqliteStore


def open_store(url: str, *, durable: bool = True) -> Store:
    """The store behind `url`: ``sqlite:///path`` or ``postgresql://...`` (psycopg 3 is the driver).

    Raises:
        StoreError: the URL names neither, or the driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return SqliteStore(parsed, durable=durable)
        if parsed.get_backend_name() == "postgresql":
            from workflow.store.postgresql import PostgresStore  # whose driver takes long to import

            return PostgresStore(
                parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"MAKEGOOD_DATABASE_URL: {error}") from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"MAKEGOOD_DATABASE_URL: the driver {error.name} is missing; install makegood[postgresql]"
        ) from error
    raise StoreError(f"MAKEGOOD_DATABASE_URL: {parsed.get_backend_name()} is neither sqlite nor postgresql")
