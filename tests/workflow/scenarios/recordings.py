"""What tests of recordings do again and again: keep one, and play it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workflow.scenarios.outcome import Outcome
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.recorded.keeping import Kept, keep_ledger
from workflow.scenarios.running import RunOptions, run
from workflow.store.port import Store


def recorded(store: Store, out: Path, *keys: str, keep_personal: bool = False) -> Kept:
    """The scenario of these subjects, which must go well as it stands, and be what really happened."""
    kept = keep_ledger(store, keys, out, keep_personal=keep_personal)
    assert (kept.notes, kept.doubts) == ([], [])
    return kept


def played(file: Path) -> Outcome:
    """How the scenario in a file goes."""
    (outcome,) = run(read_scenarios([file]), RunOptions(jobs=1))
    return outcome


def lines_of(file: Path) -> Sequence[str]:
    """Its lines, without what stands before them."""
    return [line.strip() for line in file.read_text().splitlines()]
