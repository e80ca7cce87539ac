"""The trace to which the work at hand belongs, as W3C's Trace Context names it: carried along, never read.

It is one text wherever it is kept: the `traceparent`, and behind a blank the `tracestate`, if there is one,
in which each vendor on the way has written down what is its own.

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

STATE = "tracestate"
"""Beside it, wherever it goes."""

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_KEY = r"[a-z0-9][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}"
_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(rf"({_KEY})=({_VALUE})")
_MOST_MEMBERS, _MOST_CHARACTERS = 32, 512
"""Of a state: more than 32 make it ill-formed; so many characters everybody has to hand on (3.3)."""
_CURRENT: ContextVar[str | None] = ContextVar("makegood_traceparent", default=None)


def trace_of(parent: Any, state: Any = None) -> str | None:
    """The trace that was said to us, as it is kept; None: none, or one of another form.

    What is not well formed is left out and never refused: no business waits for its telemetry (W3C Trace
    Context, 3.2). Without its parent a state says nothing; an ill-formed state leaves the parent as it is.
    """
    if not isinstance(parent, str) or _FORM.fullmatch(parent) is None:
        return None
    kept = _state_of(state) if isinstance(state, str) else ""
    return f"{parent} {kept}" if kept else parent


def headers_of(trace: str | None) -> dict[str, str]:
    """What whoever goes on with a trace is told: in HTTP, in messages, as attributes of an event."""
    if trace is None:
        return {}
    parent, _, state = trace.partition(" ")
    return {HEADER: parent, STATE: state} if state else {HEADER: parent}


def _state_of(said: str) -> str:
    """Its members, those that were written last left of the others; empty where one is none of any form."""
    members = [one for one in (part.strip(" \t") for part in said.split(",")) if one]
    keys = [found[1] for found in map(_MEMBER.fullmatch, members) if found is not None]
    if len(keys) < len(members) or len(set(keys)) < len(keys) or len(keys) > _MOST_MEMBERS:
        return ""
    while members and len(",".join(members)) > _MOST_CHARACTERS:
        members.pop()  # the oldest
    return ",".join(members)


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
