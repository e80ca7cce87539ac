"""What `makegood replay` shows at a terminal: how far it is, and at the end what came of it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from workflow.clock import monotonic


class Bar:
    """The progress bar: rows read, then rows applied and timers fired, and the rate of both."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("reading", total=None, counts="")
        self._rows = 0
        self._timers = 0
        self._since = monotonic()

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def reading(self, rows: int) -> None:
        """So many rows of the log have been read."""
        self._progress.update(self._task, counts=f"{rows:,} rows")

    def planned(self, rows: int) -> None:
        """The log is read; now the rows are applied."""
        self._since = monotonic()
        self._progress.update(self._task, description="applying", total=rows, completed=0)

    def applied(self, rows: int) -> None:
        """So many more rows have been applied."""
        self._rows += rows
        self._show()

    def fired(self, timers: int) -> None:
        """So many more timers have fired."""
        self._timers += timers
        self._show()

    def _show(self) -> None:
        rate = (self._rows + self._timers) / max(monotonic() - self._since, 1e-9)
        counts = f"{self._rows:,} rows, {self._timers:,} timers, {rate:,.0f}/s"
        self._progress.update(self._task, completed=self._rows, counts=counts)


def summary(found: dict[str, Any], seconds: float) -> Table:
    """The report of a replay that took so many seconds, in a few lines."""
    rows, moves = found["rows"], found["moves"]
    table = Table(show_header=False, box=None)
    table.add_row("rows", f"{rows['total']:,} in {seconds:.1f} s")
    table.add_row(
        "", f"{rows['applied']:,} applied, {rows['duplicate']:,} duplicate, {rows['refused']:,} refused"
    )
    by_cause = ", ".join(f"{count:,} by {cause}" for cause, count in moves["by_cause"].items())
    table.add_row("moves", f"{moves['total']:,}: {by_cause}")
    if found["comparison"] is not None:
        _add_comparison(table, found["comparison"])
    return table


def _add_comparison(table: Table, comparison: dict[str, Any]) -> None:
    for name, agreement in [("all", comparison["all"]), *comparison["groups"].items()]:
        table.add_row(
            f"{comparison['trigger']} ~ {comparison['column']}, {name}",
            f"both {agreement['both']:,}, neither {agreement['neither']:,}, "
            f"only ours {agreement['only_ours']:,}, only the log {agreement['only_log']:,}",
        )
