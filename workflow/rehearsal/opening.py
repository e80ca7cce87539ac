"""The composition root of the rehearsal: an engine on its store, with the definitions of what is real."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.engine.runtime import Runtime, marks_file
from workflow.errors import DefinitionChanged
from workflow.rehearsal.place import make_place, rehearsal_settings
from workflow.settings import ensure_data_dir
from workflow.store import open_store
from workflow.store.migrating import migrate
from workflow.store.port import Store
from workflow.store.purpose import Purpose, claim
from workflow.store.schema import definitions


def open_rehearsal(real: Runtime) -> Runtime:
    """The rehearsal beside what is real; made where it is not there yet, and brought to the newest schema.

    Raises:
        StoreError: its store cannot be used, or is one for something else.
        DefinitionChanged: it has another text for a version that is registered there and here.
    """
    settings = rehearsal_settings(real.settings)
    ensure_data_dir(settings)
    make_place(real.settings)
    migrate(settings.database)
    store = open_store(settings.database)
    try:
        claim(store, real.clock, Purpose.REHEARSAL)
        _take_over_definitions(real.store, store)
        registry = Registry(store)
        registry.take_up(real.registry.names())
    except BaseException:
        store.close()
        raise
    tasks, marks = AllowedTasks.of(settings.job_tasks), DecisionMarks(marks_file(settings))
    engine = Engine(store, registry, real.clock, tasks, marks, emptied=True)
    return Runtime(settings, store, registry, real.clock, engine, real.retries)


def _take_over_definitions(real: Store, rehearsal: Store) -> None:
    """Every version that was ever used for real: the same texts, checked when they were registered."""
    with real.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(definitions)).mappings()]
    insert = postgresql.insert if rehearsal.dialect == "postgresql" else sqlite.insert
    known = select(definitions.c.lifecycle, definitions.c.version, definitions.c.digest)
    with rehearsal.begin() as transaction:
        transaction.connection.execute(insert(definitions).on_conflict_do_nothing(), rows)
        kept = {(name, version): digest for name, version, digest in transaction.connection.execute(known)}
    for row in rows:
        if kept[row["lifecycle"], row["version"]] != row["digest"]:
            raise DefinitionChanged(row["lifecycle"], row["version"])
