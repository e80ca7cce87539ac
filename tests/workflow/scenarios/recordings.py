"""What tests of recordings do again and again: keep one, and play it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from workflow.scenarios.installation import Installation
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.player import Player
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.recorded.keeping import Kept, keep_ledger
from workflow.scenarios.running import RunOptions, run
from workflow.scenarios.stores import stores_of
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


@contextmanager
def played_store(file: Path, directory: Path) -> Iterator[Installation]:
    """The installation in which the first scenario of a file was played, which went well."""
    scenario = read_scenarios([file])[0]
    with stores_of("sqlite", "") as stores, stores.empty() as store:
        installation = Installation(store, directory, scenario.begins, scenario.sources)
        outcome = Player(scenario, installation).play()
        assert outcome.differences == []
        yield installation
        installation.close()
