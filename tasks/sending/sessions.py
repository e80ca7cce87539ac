"""The channels while one message's notices are sent: each holds what it needs for several in a row.

Those that take several at once are asked by several threads; any other is asked by one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import Self

from tasks.channels.port import Channel, ConcurrentChannel, Notice, Receipt, SessionChannel
from tasks.sending.hanging_servers import NamedServer


class Sessions:
    """Use as a context; at its end every session is closed."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._held = ExitStack()
        self._found: dict[str, ConcurrentChannel | None] = {}
        self._naming = {name: one for name, one in channels.items() if isinstance(one, NamedServer)}
        self._lock = Lock()

    def channel(self, name: str) -> ConcurrentChannel | None:
        """What carries the channel of this name; None: nothing here does."""
        if name not in self._found:  # to look at what it offers takes as long as sending to a quick one
            with self._lock:
                if name not in self._found:
                    self._found[name] = self._offered(self._channels.get(name))
        return self._found[name]

    def at_once(self, name: str) -> int:
        """How many notices may be handed to it at the same time."""
        channel = self.channel(name)
        return 1 if channel is None else channel.at_once

    def server_of(self, notice: Notice) -> str | None:
        """Which server a notice goes to over its channel; None where that does not say."""
        channel = self._naming.get(notice.channel)
        return None if channel is None else channel.server_of(notice)

    def _offered(self, channel: Channel | None) -> ConcurrentChannel | None:
        if channel is None or isinstance(channel, ConcurrentChannel):
            return channel
        if isinstance(channel, SessionChannel):
            channel = self._held.enter_context(channel.session())
        return _OneByOne(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()


class _OneByOne:
    """A channel that is asked by one thread at a time."""

    at_once = 1

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = Lock()

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """As the channel."""
        with self._lock:
            return self._channel.send(notice, idempotency_key)
