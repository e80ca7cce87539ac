"""How far the playing of scenarios is, at a terminal."""

from __future__ import annotations

from rich.console import Console

from workflow.replay.progress_bar import ProgressBar


class ScenarioBar(ProgressBar):
    """A bar below what is told meanwhile, which is gone in the end; nothing where there is no terminal.

    Args:
        console: on which everything else is told, too; where that is no terminal, standard error may be one.
        scenarios: how many there are.
    """

    def __init__(self, console: Console, scenarios: int) -> None:
        shown_on = console if console.is_terminal else Console(stderr=True)
        super().__init__(shown_on, "playing", scenarios, seconds=None, transient=True)
        self._played = 0

    def advance(self, failed: int) -> None:
        """One more was played; so many have failed."""
        self._played += 1
        self.show(self._played, f"[red]{failed} failed" if failed else "")
