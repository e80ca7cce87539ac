"""What `makegood replay` shows: how far it is, and at the end what came of it and what did not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workflow.clock import monotonic
from workflow.replay.progress_bar import ProgressBar

MOST_REASONS = 5
"""Reasons for refusals that are shown; the report has all of them."""


class ReplayBar(ProgressBar):
    """The progress: rows read; then rows applied and timers fired, the rate of both, and the virtual date."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, "reading", None)
        self._rows = 0
        self._timers = 0
        self._since = monotonic()
        self._date = ""

    def reading(self, rows: int) -> None:
        """So many rows of the log have been read."""
        self.show(rows, "rows")

    def planned(self, rows: int) -> None:
        """The log is read; now the rows are applied."""
        self._since = monotonic()
        self.begin("applying", rows)

    def at(self, instant: datetime) -> None:
        """The clock of the replay has come to this instant."""
        self._date = f"{instant:%Y-%m-%d}"

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
        self.show(self._rows, f"{self._date}, {self._timers:,} timers, {rate:,.0f}/s")


def summary(found: dict[str, Any], seconds: float) -> Table:
    """The report of a replay that took so many seconds, in a few lines."""
    rows, moves = found["rows"], found["moves"]
    table = Table(show_header=False, box=None)
    table.add_row("rows", f"{rows['total']:,} in {seconds:.1f} s")
    table.add_row(
        "", f"{rows['applied']:,} applied, {rows['duplicate']:,} duplicate, {rows['refused']:,} refused"
    )
    by_cause = ", ".join(f"{count:,} by {cause}" for cause, count in moves["by_cause"].items())
    aside = found["set_aside"]
    if rows["set_aside"]:
        table.add_row(
            "",
            f"set aside: {aside['left_out']:,} by the map, {aside['after_until']:,} after --until, "
            f"{len(aside['outliers']):,} far from all others in time",
        )
    if rows["events"] != rows["total"]:
        table.add_row("", f"{rows['events']:,} events of these rows")
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


def complaints(found: dict[str, Any]) -> Iterator[str]:
    """What somebody must know who looks at nothing but the console, in lines with Rich's markup."""
    reasons = found["refusals"]["reasons"]
    for one in reasons[:MOST_REASONS]:
        yield escape(
            f"refused {one['rows']:,}: {one['field']} [{one['rule']}], such as row {one['row']:,} "
            f"(line {one['line']:,}): {one['message']}"
        )
    if len(reasons) > MOST_REASONS:
        yield f"refused for {len(reasons) - MOST_REASONS:,} more reasons: see the report"
    outliers = found["set_aside"]["outliers"]
    if outliers:
        one = outliers[0]
        yield (
            f"warning: {len(outliers):,} rows lie far from all others in time and were not applied, such as "
            f"row {one['row']:,} (line {one['line']:,}) at {one['at']}; --keep-outliers applies them"
        )
    for one in found["never_seen"]:
        yield escape(f"warning: {one['field']}: no row of the log has {one['column']!r}")
