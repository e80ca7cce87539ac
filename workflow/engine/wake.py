"""How whoever brings events in has them looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Wake(Protocol):
    """Says that events wait in the inbox."""

    def __call__(self, subjects: Sequence[str]) -> None:
        """`subjects` are the keys of theirs."""
