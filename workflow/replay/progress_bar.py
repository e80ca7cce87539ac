"""How far something that takes a while is: a bar at a terminal, elsewhere a line now and then."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workflow.clock import monotonic

SECONDS = 10.0
"""Between two lines where there is no terminal."""


class ProgressBar:
    """What is done, how much of it, and a few words.

    Args:
        console: where it is shown.
        doing: what is done, in a word.
        total: how much there is of it; None where that is not known yet.
        seconds: between two lines where `console` is no terminal; None for no lines at all.
        transient: whether the bar is gone in the end. What is told meanwhile then stands above it.
    """

    def __init__(
        self,
        console: Console,
        doing: str,
        total: int | None,
        *,
        seconds: float | None = SECONDS,
        transient: bool = False,
    ) -> None:
        self._console = console
        self._seconds = seconds
        self._told = monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            TimeElapsedColumn(),
            console=console,
            transient=transient,
            redirect_stdout=transient and console.is_terminal,
            redirect_stderr=transient and console.is_terminal,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(doing, total=total, words="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, doing: str, total: int) -> None:
        """Something else is done from now on, and there is so much of it."""
        self._progress.update(self._task, description=doing, total=total, completed=0)

    def show(self, done: int, words: str) -> None:
        """So much is done by now."""
        self._progress.update(self._task, completed=done, words=words)
        if not self._console.is_terminal and self._seconds is not None:
            self._tell(done, words)

    def _tell(self, done: int, words: str) -> None:
        now = monotonic()
        if self._seconds is not None and now - self._told >= self._seconds:
            self._told = now
            task = self._progress.tasks[0]
            of = "" if task.total is None else f" of {task.total:,.0f}"
            line = f"{task.description} {done:,}{of}, {words}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
