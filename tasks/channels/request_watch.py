"""What the requests that a library makes came to, where the library itself keeps it to itself.

Apprise says only whether all went well. What did not may surely not have gone out, or may have: that its
HTTP client (requests) knows, and here it is noted on the way. Nothing is noted outside of `watched`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import requests
from requests.exceptions import (
    ConnectTimeout,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import MaxRetryError, NewConnectionError

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Exchanges:
    """The requests of one send that could have delivered something; look-ups are not counted.

    Attributes:
        statuses: of those that were answered.
        unsent: how many never got as far as a connection.
        lost: how many went out and were not answered.
        waits: seconds that the other side asked to wait.
    """

    statuses: list[int] = field(default_factory=list)
    unsent: int = 0
    lost: int = 0
    waits: list[float] = field(default_factory=list)
    refused_look_up: int | None = None
    """The status of a look-up that was not answered well, after which nothing else was asked."""


_watching: ContextVar[Exchanges | None] = ContextVar("makegood_exchanges", default=None)


@contextmanager
def watched(exchanges: Exchanges) -> Iterator[None]:
    """Note there what requests come to in this thread; redirects are not followed meanwhile."""
    _watch()
    token = _watching.set(exchanges)
    try:
        yield
    finally:
        _watching.reset(token)


def _watch() -> None:
    """Stand in the way of every session of this process, once."""
    if getattr(requests.Session.send, "makegood", False):
        return
    send = requests.Session.send

    @wraps(send)
    def noted(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Any:
        exchanges = _watching.get()
        if exchanges is None:
            return send(session, request, **options)
        # A redirect would take what is said, and the service's token, to another place.
        return _noted(exchanges, request, lambda: send(session, request, **options | _NO_REDIRECTS))

    noted.makegood = True  # type: ignore[attr-defined]
    requests.Session.send = noted  # type: ignore[method-assign,assignment]


_NO_REDIRECTS = {"allow_redirects": False}


def _noted(exchanges: Exchanges, request: requests.PreparedRequest, go: Any) -> Any:
    counts = (request.method or "").upper() not in _READS
    try:
        response = go()
    except Exception as error:
        if counts:
            exchanges.lost += not _unsent(error)
            exchanges.unsent += _unsent(error)
        raise
    if not counts and not response.ok:
        exchanges.refused_look_up = response.status_code
    if counts:
        exchanges.statuses.append(response.status_code)
        wait = response.headers.get("Retry-After", "")
        if wait.isascii() and wait.isdigit():
            exchanges.waits.append(min(float(wait[:9]), 3600.0))
    return response


def _unsent(error: Exception) -> bool:
    """Whether there never was a connection over which anything could have been said."""
    if isinstance(error, ConnectTimeout | ProxyError | InvalidURL | InvalidSchema | MissingSchema):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError):
        return True
    # Any other fault of TLS may come after the request as well.
    inner = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    return isinstance(error, SSLError) and isinstance(inner, ssl.SSLCertVerificationError)
