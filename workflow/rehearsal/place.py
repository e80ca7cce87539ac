"""Where the rehearsal of an installation is: beside what is real, and never in it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url

from workflow.recovery.links.secret import link_secret
from workflow.settings import NOTHING_LEAVES, Settings
from workflow.store import open_store

SCHEMA = "makegood_rehearsal"
"""Of PostgreSQL, in the database of what is real."""
_FILE = "rehearsal-"


def rehearsal_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the rehearsal: what was set, else the file or the schema beside what is real."""
    if settings.rehearsal_database_url is not None:
        return settings.rehearsal_database_url
    real = make_url(settings.database)
    if real.get_backend_name() == "sqlite":
        file = Path(real.database or "makegood.db")
        return real.set(database=str(file.with_name(_FILE + file.name))).render_as_string(hide_password=False)
    options = f"{real.query.get('options', '')} -csearch_path={SCHEMA}".strip()
    return real.update_query_dict({"options": options}).render_as_string(hide_password=False)


def rehearsal_settings(settings: Settings) -> Settings:
    """These settings for the rehearsal: no channel leads out, and no link signed there opens anything."""
    own = hmac.new(link_secret(settings), SCHEMA.encode(), hashlib.sha256).hexdigest()
    changed = {**NOTHING_LEAVES, "database_url": rehearsal_url(settings), "link_secret": SecretStr(own)}
    return settings.model_copy(update=changed)


def rehearsal_is_there(settings: Settings) -> bool:
    """Whether anybody has made a test key here yet. Raises StoreError, or the driver's error."""
    url = make_url(rehearsal_url(settings))
    if url.get_backend_name() == "sqlite":
        return bool(url.database) and Path(str(url.database)).exists()
    store = open_store(url.render_as_string(hide_password=False))
    try:
        with store.connect() as connection:
            return bool(connection.scalar(text("select to_regclass('keys') is not null")))
    finally:
        store.close()


def make_place(settings: Settings) -> None:
    """Have the schema of PostgreSQL that the rehearsal is kept in by itself. Raises the driver's error."""
    is_sqlite = make_url(settings.database).get_backend_name() == "sqlite"
    if is_sqlite or settings.rehearsal_database_url is not None:
        return
    store = open_store(settings.database)
    try:
        with store.begin() as transaction:
            transaction.connection.execute(text(f"create schema if not exists {SCHEMA}"))
    finally:
        store.close()
