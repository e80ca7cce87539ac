"""A replay into a database of its own: again, resumed after a break, and never into one that is in use."""

from pathlib import Path

import pytest

from state_machines.values.instants import parse_instant
from tests.replay.scene import HEADER, Scene, row_counts
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.replay.refusal import ReplayRefused
from workflow.store import migrate, open_store

ROWS = ["A,1,2026-03-02 10:00,sent,", "B,1,2026-03-02 11:00,sent,", "A,2,2026-03-02 15:00,delivered,"]
LOG = HEADER + "\n".join(ROWS) + "\n"


def test_the_same_log_again_gives_the_same_moves_and_only_duplicates(scene: Scene, database_url: str) -> None:
    first = scene.play(LOG, url=database_url, until="P1D")
    moves = scene.moves
    again = scene.play(LOG, url=database_url, until="P1D")
    assert first["rows"] == row_counts(3, applied=3)
    assert again["rows"] == row_counts(3, duplicate=3)
    assert [one["first_outcome"] for one in again["duplicates"]] == ["moved", "moved", "moved"]
    assert scene.moves == moves


def test_a_replay_that_was_broken_off_is_resumed(scene: Scene, database_url: str) -> None:
    scene.play(LOG, until="P1D")
    whole = scene.moves
    scene.rows(*ROWS[:2], url=database_url)  # the first run got as far as here
    rest = scene.play(LOG, url=database_url, until="P1D")
    assert rest["rows"] == row_counts(3, applied=1, duplicate=2)
    assert scene.moves == whole


def test_a_database_that_is_in_use_is_left_alone(scene: Scene, database_url: str) -> None:
    migrate(database_url)
    store = open_store(database_url)
    now = parse_instant("2026-03-02T10:00:00Z")
    registry = Registry(store)
    registry.register(catalog_sources(), now)
    data = {"words": "we call", "owner": "maria@example.org", "due_at": "2026-03-02T12:00:00Z"}
    event = CloudEvent("e1", "/crm", "promise.make", "promise:P-1", now, data)
    Engine(store, registry, VirtualClock(now)).accept([event])
    store.close()
    with pytest.raises(ReplayRefused) as refused:
        scene.play(LOG, url=database_url)
    assert [(one.field, one.rule) for one in refused.value.problems] == [("--database-url", "store-in-use")]
    assert "/crm" in str(refused.value)
    assert not (scene.directory / "M.jsonl").exists()


def test_another_lifecycle_of_the_same_version_is_refused(scene: Scene, database_url: str) -> None:
    scene.play(LOG, url=database_url)
    before = scene.moves
    scene.replace("PT2H", "PT3H", within="lifecycle")
    with pytest.raises(ReplayRefused) as refused:
        scene.play(LOG, url=database_url)
    assert [(one.field, one.rule) for one in refused.value.problems] == [
        ("lifecycle.version", "version-changed")
    ]
    assert (scene.directory / "M.jsonl").read_bytes() == before


def test_the_temporary_store_is_gone_afterwards(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    scene.play(LOG)
    assert list(scratch.iterdir()) == []
