"""What is known here is noted, though the database is away for a moment: handed over, or started again.

What cannot be noted counts as unknown, and a person would have to find out what is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import structlog
from sqlalchemy.exc import DBAPIError

from state_machines.values.backoff import Backoff
from workflow.engine.transient_errors import described, is_transient

TRIES = 6
PAUSES = Backoff(first=0.25, longest=4.0)
"""Some eight seconds in all, of a lease of sixty."""

log = structlog.get_logger(__name__)


def note(write: Callable[[], None], what: str, number: int) -> None:
    """Write it, again and again for a while; the log tells that so many are not noted yet.

    Raises:
        DBAPIError: it could not be written in all that time, or never can.
    """
    for tries in range(1, TRIES + 1):
        try:
            write()
            return
        except DBAPIError as error:
            if tries == TRIES or not is_transient(error):
                raise
            log.warning(what, number=number, error=described(error))
            Event().wait(PAUSES.pause(tries))
