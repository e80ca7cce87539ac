"""The channels while one message's notices are sent: each holds what it needs for several in a row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from tasks.channels.port import Channel, SessionChannel


class Sessions:
    """Use as a context; at its end every session is closed."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._held = ExitStack()
        self._found: dict[str, Channel | None] = {}

    def channel(self, name: str) -> Channel | None:
        """What carries the channel of this name; None: nothing here does."""
        if name not in self._found:
            channel = self._channels.get(name)
            if isinstance(channel, SessionChannel):  # which takes as long as sending to a quick one
                channel = self._held.enter_context(channel.session())
            self._found[name] = channel
        return self._found[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()
