"""Servers that hang: one that has kept us waiting in vain is left alone for a while, and nobody waits for it.

A server that is gone says so at once. One that hangs holds whoever asks it for as long as the channel waits,
notice after notice; with all processes of a pool at that, the notices of all other channels would wait. Where
it takes messages and does not confirm them, each would be one more of unknown outcome. One that lets us in no
more, for a password that was changed or a certificate that has expired, says so of every notice: it is asked
as seldom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import structlog

from state_machines.values.backoff import Backoff
from tasks.channels.port import Notice, Rejected, Retry
from workflow.clock import monotonic

LONG = 5.0
"""Seconds: what took longer and came to nothing hangs."""
_RESTS = Backoff(first=10.0, longest=60.0)

log = structlog.get_logger(__name__)


@runtime_checkable
class NamedServer(Protocol):
    """A channel that says which server a notice goes to; any other is asked whatever happens."""

    def server_of(self, notice: Notice) -> str:
        """Its name, the same for all notices that go there; no name of a person."""


class HangingServers:
    """What one process knows of them. For any thread."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` returns real seconds of a counter that never jumps."""
        self._seconds = seconds
        self._resting: dict[str, tuple[float, int]] = {}
        """By name: until when, and how often in a row it has hung."""

    @contextmanager
    def asked(self, server: str | None) -> Iterator[None]:
        """While this lasts a server is asked; None: one that nobody knows by name.

        Raises:
            Retry: it is left alone for now, and was not asked.
        """
        if server is None:
            yield
            return
        began = self._seconds()
        until, times = self._resting.get(server, (began, 0))
        if until > began:
            words = "channel: its server hangs or lets nobody in, and is left alone [server-hangs]"
            raise Retry(words, until - began)
        try:
            yield
        except Exception as error:
            now = self._seconds()
            refuses = isinstance(error, Retry) and error.of_all
            if refuses or (now - began >= LONG and not isinstance(error, Rejected)):
                pause = _RESTS.pause(times + 1)
                self._resting[server] = now + pause, times + 1
                does = f"lets nobody in ({error})" if refuses else "hangs"
                log.warning(f"a server {does} and is left alone for a while", server=server, seconds=pause)
            raise
        self._resting.pop(server, None)
