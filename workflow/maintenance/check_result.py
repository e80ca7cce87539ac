"""What looking over one thing has shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at. `words` says how it is; `well` whether that is right."""

    name: str
    well: bool
    words: str
