"""Whether the database can take events, asked without keeping anybody waiting: it may hang."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from workflow.api.http.probe import Probe
from workflow.engine.transient_errors import code_of, described
from workflow.store import Store, head, revision
from workflow.store.writability import why_no_writes

DatabaseState = Literal["reachable", "takes-no-writes", "unreachable"]
SchemaState = Literal["at-head", "behind", "unknown"]

_PATIENCE = 2.0
"""Seconds that a caller waits for an answer; a database that is slower counts as unreachable."""
_KEEP = 0.5
"""Seconds for which an answer is believed."""

log = structlog.get_logger(__name__)
_newest_revision = cache(head)


class StoreState(NamedTuple):
    """How a database is."""

    database: DatabaseState
    schema: SchemaState

    @property
    def ready(self) -> bool:
        """Whether events can be stored in it."""
        return self == ("reachable", "at-head")


_UNKNOWN = StoreState("unreachable", "unknown")


class StoreWatch:
    """Asks a store, one question at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reason: str | None = None
        """Why it took no writes when it was last asked; the probe asks in one thread at a time."""
        self._probe = Probe(self._look, patience=_PATIENCE, keep=_KEEP)

    def state(self) -> StoreState:
        """What is known now."""
        found = self._probe.answer()
        if found is None:
            log.warning("the database has not answered yet", patience_seconds=_PATIENCE)
        return found or _UNKNOWN

    def _look(self) -> StoreState:
        try:
            schema: SchemaState = "at-head" if revision(self._store) == _newest_revision() else "behind"
            reason = self._reason = why_no_writes(self._store, self._reason)
        except SQLAlchemyError as error:
            # What was asked holds nothing of anybody: the reason may be said.
            log.warning("database does not answer", error=described(error), code=code_of(error))
            return _UNKNOWN
        if reason is not None:
            log.warning("database takes no writes", reason=reason)
        return StoreState("reachable" if reason is None else "takes-no-writes", schema)
