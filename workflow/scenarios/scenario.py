"""A scenario as it is played: one row of one file, its beginning put before it, its files read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.form.yaml_document import Lines
from workflow.scenarios.document import Invariant, KnownEvent, Step, TaskEnding


@dataclass(frozen=True)
class Placed:
    """Where something of a scenario stands: a file, a path in it, and the lines of its fields."""

    file: Path
    field: str
    lines: Lines

    @property
    def line(self) -> int | None:
        """Its line."""
        return self.lines.of(self.field)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


@dataclass(frozen=True)
class PlacedStep:
    """A step and where it stands; `rest` is what holds for it, `values` what `<name>` means in it."""

    step: Step
    place: Placed
    rest: str


@dataclass(frozen=True)
class Scenario:
    """One row of a scenario, ready to be played.

    Attributes:
        file: it was read from.
        title: of the file; with a table, the row's values stand behind it.
        row: number of the row, from 0; None without a table.
        begins: UTC.
        zone: of its times.
        sources: definitions beside the catalog's: their bundles' texts, by file.
        people: who is who, by name: addresses, or what is said of them.
        values: for ``<name>``.
        tasks: how tasks of other programs end, by name.
        known: events of what is known already, and where they stand.
        steps: of its beginnings and its own, in order.
        always: what must be so at every instant, and where it stands.
        files: everything that it was read from.
    """

    file: Path
    title: str
    row: int | None
    tags: tuple[str, ...]
    begins: datetime
    zone: ZoneInfo
    sources: tuple[tuple[str, str], ...]
    people: Mapping[str, Any]
    values: Mapping[str, Any]
    tasks: Mapping[str, TaskEnding]
    known: tuple[tuple[KnownEvent, Placed], ...]
    steps: tuple[PlacedStep, ...]
    always: tuple[tuple[Invariant, Placed], ...]
    files: frozenset[Path]

    @property
    def name(self) -> str:
        """By which it is told from all others: its file, and its row."""
        return str(self.file) if self.row is None else f"{self.file}[{self.row}]"
