"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `words` says how it is; `well` whether that is right."""

    name: str
    well: bool
    words: str
