"""The composition root: from settings to a working engine, one per process."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy.engine import make_url

from state_machines.values.retry_policy import RetryPolicy
from workflow.clock import Clock
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.definition_sources import catalog_sources, file_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.settings import Settings
from workflow.store import Store, open_store
from workflow.store.purpose import claim
from workflow.store.shared_time import clock_over


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process of makegood works with. Never shared over a fork."""

    settings: Settings
    store: Store
    registry: Registry
    clock: Clock
    engine: Engine
    retries: RetryPolicy

    def close(self) -> None:
        """Give all connections back."""
        self.engine.marks.close()
        self.store.close()


def open_runtime(settings: Settings) -> Runtime:
    """Open the store, whose schema must be there (`makegood migrate`), and register the definitions.

    Raises:
        StoreError: the database cannot be used, or not on this clock: see `workflow.store.purpose`.
        DefinitionError, DefinitionChanged: a definition of this installation cannot be used; one that is new
            here is one that `makegood check` has nothing against.
    """
    store = open_store(settings.database)
    clock = clock_over(store.time, settings.clock)
    claim(store, clock)
    registry = Registry(store)
    own = file_sources(settings.lifecycles)
    registry.refuse_unsound(own)
    registry.register([*catalog_sources(), *own], clock.now())
    tasks, marks = AllowedTasks.of(settings.job_tasks), DecisionMarks(marks_file(settings))
    engine = Engine(store, registry, clock, tasks, marks)
    return Runtime(settings, store, registry, clock, engine, RetryPolicy(settings.max_attempts))


def marks_file(settings: Settings) -> Path:
    """Where the processes of this machine note what they decide; for each database its own."""
    database = make_url(settings.database).render_as_string(hide_password=True)
    return settings.data_dir / f"deciding-{sha256(database.encode()).hexdigest()[:12]}"
