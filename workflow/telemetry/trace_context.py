"""The trace to which the work at hand belongs, as W3C's `traceparent` names it: carried along, never read.

Nothing here knows OpenTelemetry: what comes with an event is kept and handed on also where no span is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

HEADER = "traceparent"
"""In HTTP, in messages of Celery, and as an extension attribute of CloudEvents."""

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_CURRENT: ContextVar[str | None] = ContextVar("makegood_traceparent", default=None)


def traceparent_of(said: Any) -> str | None:
    """What was said, if it has the form of one; else None.

    What is not well formed is left out and never refused: no business waits for its telemetry (W3C Trace
    Context, 3.2).
    """
    return said if isinstance(said, str) and _FORM.fullmatch(said) else None


def current_traceparent() -> str | None:
    """The span within which this is done, or that it was told of; None: nobody traces it."""
    return _CURRENT.get()


@contextmanager
def within(traceparent: str | None) -> Iterator[None]:
    """What is done in here belongs to this span; None: to none."""
    token = _CURRENT.set(traceparent)
    try:
        yield
    finally:
        _CURRENT.reset(token)
