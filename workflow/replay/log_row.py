"""A row of a log, whatever the log is written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from state_machines.errors import Problem
from workflow.replay.refusal import ReplayRefused, RowRefused

MAX_FIELD = 1_000_000
"""Characters in one field or one line of JSON; a longer one is a missing quote, or not a log."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row: its number (from 1, without the header), the line where it ends, and its values by column.

    `fault` says why a row has no values.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    fault: RowRefused | None = None


def log_refused(file: str, field: str, rule: str, message: str, line: int | None = None) -> ReplayRefused:
    """One problem of a log as a whole."""
    return ReplayRefused([Problem(field, rule, message, line, file)])
