"""What a test may do to a broker, whichever it is."""

from __future__ import annotations

from typing import Protocol


class BrokerServer(Protocol):
    """One broker, whose address stays the same over restarts."""

    @property
    def url(self) -> str:
        """As in `MAKEGOOD_BROKER_URL`."""

    def start(self) -> None:
        """Start it; returns once it answers."""

    def stop(self) -> None:
        """End it as a crash would (SIGKILL). Harmless when it is not running."""

    def hang(self) -> None:
        """Have it answer nothing from now on: connections stay, new ones are taken (SIGSTOP)."""

    def go_on(self) -> None:
        """End that."""

    def forget(self) -> None:
        """Of one that is stopped: see to it that it comes back empty."""
