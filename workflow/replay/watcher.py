"""Who is told how far a replay has got."""

from datetime import datetime
from typing import Protocol


class Watcher(Protocol):
    """Hears of every step; the command line draws its progress bar from it."""

    def reading(self, rows: int) -> None:
        """So many rows of the log have been read."""

    def planned(self, rows: int) -> None:
        """The log is read: so many rows are events and will be applied."""

    def at(self, instant: datetime) -> None:
        """The clock of the replay has come to this instant."""

    def applied(self, rows: int) -> None:
        """So many more rows have been applied."""

    def fired(self, timers: int) -> None:
        """So many more timers have fired."""


class Nobody:
    """A watcher that does not look."""

    def reading(self, rows: int) -> None:
        """Not looked at."""

    def planned(self, rows: int) -> None:
        """Not looked at."""

    def at(self, instant: datetime) -> None:
        """Not looked at."""

    def applied(self, rows: int) -> None:
        """Not looked at."""

    def fired(self, timers: int) -> None:
        """Not looked at."""
