"""The search index filled in the background, after an update that brought it or changed its form."""

from __future__ import annotations

import structlog

from workflow.clock import monotonic
from workflow.engine.registry import Registry
from workflow.maintenance.check_result import CheckResult
from workflow.search.filling import Filling, fill, filling
from workflow.store.port import Store

LONGEST = 1.0
"""Seconds that are spent on it at a time: between two sweeps there is other work."""

log = structlog.get_logger(__name__)


def fill_for_a_while(store: Store, registry: Registry, seconds: float = LONGEST) -> Filling:
    """Put subjects into the index for so long, and say how far it is then."""
    until = monotonic() + seconds
    begun = far = fill(store, registry.get)
    while not far.is_done and monotonic() < until:
        far = fill(store, registry.get)
    if not begun.is_done:
        log.info("subjects are put into the search index", indexed=far.share)
    return far


def index_check(store: Store) -> CheckResult:
    """Whether every subject can be found."""
    with store.connect() as connection:
        far = filling(connection)
    words = (
        "every subject can be found" if far.is_done else f"{far.share:.0%} of all subjects; a worker goes on"
    )
    return CheckResult("search index", True, words)
