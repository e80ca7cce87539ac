"""One connection to PostgreSQL, and for how long either end waits for the other.

A server that is gone says so at once. One that hangs, or that a network no longer leads to, says nothing: a
client left to itself waits a quarter of an hour for what it has sent to be received, and for an answer for
ever. The server, for its part, keeps the locks of a client that hangs or is gone.

Source: PostgreSQL 18, 32.1.2 "Parameter Key Words" and 19.3.2 "TCP Settings"; 19.11.1 for what a session may
take.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from workflow.clock import monotonic

ANSWER_SECONDS = 15.0
"""Longer than the server lets a statement of ours wait for a lock: who serves asks for batches and pages."""
LOCK_SECONDS = 10
IDLE_SECONDS = 30
"""For so long a transaction may wait for its client: to decide between two statements takes a moment."""
TRANSACTION_SECONDS = 120
"""For so long a transaction that writes may take, whatever it does: many statements are sent at once, and to
a server that has half of them its client is not idle, though nothing comes any more."""
_CHECK_SECONDS = 10
"""How often the server looks whether who waits for an answer is still there."""
_CONNECT_SECONDS = 10
_RECEIVED_SECONDS = 10
"""For so long what was sent may go unreceived, by either end."""
_KEPT_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_CHECKS_SINCE = 140_000
"""The version that knows how to look whether a client is there."""
_BOUNDED_SINCE = 170_000
"""The version that knows how to end a transaction that takes too long."""

PARAMETERS: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "tcp_user_timeout": _RECEIVED_SECONDS * 1000,
    **_KEPT_ALIVE,
}
"""Of a connection, where its URL names no other."""

Result = TypeVar("Result")


class BoundedConnection(psycopg.Connection[Any]):
    """Gives up, closed, if nothing comes for `ANSWER_SECONDS` although an answer is owed."""

    answer_seconds = ANSWER_SECONDS

    def wait(self, gen: Generator[Any, Any, Result], *more: Any, **named: Any) -> Result:
        """As the driver's. Raises OperationalError when it gives up: whether it was done is not known."""
        return super().wait(self._bounded(gen), *more, **named)

    def _bounded(self, steps: Generator[Any, Any, Result]) -> Generator[Any, Any, Result]:
        """The driver's steps, each of which waits for the connection: it looks up ten times a second."""
        heard = monotonic()
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                if ready:
                    heard = monotonic()
                elif monotonic() - heard > self.answer_seconds:
                    self.close()
                    raise psycopg.OperationalError(
                        f"the database has not answered within {self.answer_seconds:g} s"
                    )
                wanted = steps.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result


def let_go(version: int, *, writing: bool) -> list[str]:
    """What has a server of this version end what waits for too long, and let go of who is gone."""
    wanted: dict[str, str] = {
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "tcp_user_timeout": f"{_RECEIVED_SECONDS}s",
        **{f"tcp_{name}": str(value) for name, value in _KEPT_ALIVE.items()},
    }
    if version >= _CHECKS_SINCE:
        wanted["client_connection_check_interval"] = f"{_CHECK_SECONDS}s"
    if writing and version >= _BOUNDED_SINCE:
        wanted["transaction_timeout"] = f"{TRANSACTION_SECONDS}s"
    return [f"set {name} = '{value}'" for name, value in wanted.items()]
