"""`makegood migrate`: bring the database to the schema of this version, and lifecycles into it."""

from __future__ import annotations

import typer


def migrate() -> None:
    """Bring the database to the newest schema. Safe to run twice, and by several at once.

    Lifecycles of the installation's own are registered, too: what `check` refuses is refused here.
    """
    from workflow import store
    from workflow.settings import ensure_data_dir, read_settings

    settings = read_settings()
    if settings.database_url is None:
        ensure_data_dir(settings)
    store.migrate(settings.database)
    typer.echo(f"the schema is at revision {store.head()}", err=True)
    if settings.lifecycles is not None:
        from workflow.recovery.runtime import open_runtime

        open_runtime(settings).close()
