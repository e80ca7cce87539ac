"""What an adapter is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.clock import Clock
from workflow.engine.engine import Engine
from workflow.engine.wake import Wake
from workflow.settings import Settings
from workflow.store.port import Store


@dataclass(frozen=True, slots=True)
class Setup:
    """What an adapter is made from.

    Attributes:
        channel: name of the channel that it is to carry.
        settings: those of the installation.
        clock: what time it is.
        store: where that keeps who is reached; None: settings are only looked at.
        engine, wake: the engine, and how it is told of events, for a channel that is carried inside of
            makegood; None for those that reach the world.
    """

    channel: str
    settings: Settings
    clock: Clock
    store: Store | None = None
    engine: Engine | None = None
    wake: Wake | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """What `MAKEGOOD_CHANNEL_OPTIONS` says of the channel; empty where it says nothing."""
        return self.settings.options_of(self.channel) or {}
