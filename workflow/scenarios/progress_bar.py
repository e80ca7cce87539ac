"""How far the playing of scenarios is, at a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class ProgressBar:
    """A bar below what is told meanwhile, which is gone in the end; nothing where there is no terminal.

    Args:
        console: on which everything else is told, too; where that is no terminal, standard error may be one.
        scenarios: how many there are.
    """

    def __init__(self, console: Console, scenarios: int) -> None:
        shown_on = console if console.is_terminal else Console(stderr=True)
        self._progress = Progress(
            TextColumn("playing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            TimeElapsedColumn(),
            console=shown_on,
            transient=True,
            redirect_stdout=console.is_terminal,
            redirect_stderr=console.is_terminal,
            disable=not shown_on.is_terminal,
        )
        self._task = self._progress.add_task("playing", total=scenarios, failed="")

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, failed: int) -> None:
        """One more was played; so many have failed."""
        self._progress.update(self._task, advance=1, failed=f"{failed} failed" if failed else "")
