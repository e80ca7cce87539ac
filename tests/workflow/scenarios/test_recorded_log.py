"""Logs recorded through a map: those of the examples, and a small one of parcels."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.replay.scene import HEADER, LIFECYCLE, MAP
from tests.workflow.scenarios.recordings import lines_of, played
from workflow.errors import InvalidQuery
from workflow.replay.refusal import ReplayRefused
from workflow.scenarios.recorded.keeping import Kept, keep_log

INCIDENTS = Path(__file__).parents[3] / "examples" / "incidents"
PARCELS = (
    "7,1,2026-03-02 10:00,sent,500",
    "8,1,2026-03-02 10:30,sent,70",
    "7,2,2026-03-02 11:00,scanned,",
    "7,3,2026-03-02 12:20,delivered,",
    "8,2,2026-03-02 12:21,stolen,",
    "8,3,2026-03-02 12:29,delivered,",
)


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """A folder with the lifecycle of parcels, a map and a log."""
    (tmp_path / "parcel.yaml").write_text(LIFECYCLE)
    (tmp_path / "map.yaml").write_text(MAP)
    (tmp_path / "log.csv").write_text(HEADER + "".join(f"{row}\n" for row in PARCELS))
    return tmp_path


def kept_log(folder: Path, *subjects: str, out: str = "recorded.yaml") -> Kept:
    """What was recorded of the log in a folder."""
    files = (folder / "log.csv", folder / "map.yaml", folder / "parcel.yaml")
    return keep_log(*files, subjects, folder / out, keep_personal=False)


def test_incidents_of_a_real_desk_are_played_again(tmp_path: Path) -> None:
    for file in ("excerpt.csv", "map.yaml", "lifecycle.yaml"):
        shutil.copy(INCIDENTS / file, tmp_path)
    files = (tmp_path / "excerpt.csv", tmp_path / "map.yaml", tmp_path / "lifecycle.yaml")
    chosen = ("INC0000045", "incident:INC0000047")
    kept = keep_log(*files, chosen, tmp_path / "incidents.yaml", keep_personal=False)
    assert (kept.subjects, kept.notes, kept.doubts) == (2, [], [])
    lines = lines_of(kept.file)
    assert "zone: America/Sao_Paulo" in lines
    assert "lifecycles: [lifecycle.yaml]" in lines
    assert "then: {incident:INC0000045: {state: closed, timers: {promise: none}}}" in lines
    assert played(kept.file).well
    definition = files[2].read_text()
    files[2].write_text(definition.replace("3: duration('210h')", "3: duration('200h')"))
    (difference, *_) = played(kept.file).differences
    assert "timer promise" in difference.what


def test_of_a_small_log_all_subjects_are_taken(parcels: Path) -> None:
    kept = kept_log(parcels)
    assert (kept.subjects, kept.doubts) == (2, [])
    lines = lines_of(kept.file)
    late = lines.index("- say: delivery of parcel:7 is due")
    assert lines[late + 1 : late + 3] == [
        "at: 2026-03-02 12:00",
        "then: {parcel:7: {state: late, timers: {delivery: none}}}",
    ]
    assert "data: {weight: 500}" in lines
    # A row that could be no event is named at the head of the file.
    assert [note.startswith("row 5 of the log is not in it: what:") for note in kept.notes] == [True]
    assert lines[0].startswith("# row 5 of the log is not in it: what: no trigger of the map")


def test_an_event_at_the_very_instant_of_a_deadline_comes_after_it_here(parcels: Path) -> None:
    """A log is replayed the other way round; so the file says that it tells another story."""
    log = parcels / "log.csv"
    log.write_text(log.read_text().replace("12:29", "12:30"))
    kept = kept_log(parcels, "8")
    then, here = "deliver moved in sent, now delivered", "overdue moved in sent, now late"
    assert kept.notes[-1] == f"parcel:8, decision 2: then {then}; here {here}"
    assert kept.doubts == []


def test_some_of_them_can_be_chosen(parcels: Path) -> None:
    kept = kept_log(parcels, "7")
    assert (kept.subjects, kept.notes, kept.doubts) == (1, [], [])
    assert "parcel:8" not in kept.file.read_text()


@pytest.mark.parametrize(
    ("rows", "subjects", "rule"),
    [
        (PARCELS, ("9",), "unknown-subject"),
        ([f"{n},1,2026-03-02 10:00,sent,5" for n in range(21)], (), "too-many-subjects"),
        (["7,1,2026-03-02 10:00,stolen,5"], (), "no-subject"),
        ([f"7,{n},2026-03-02 10:00,sent,5" for n in range(501)], (), "too-many-steps"),
    ],
)
def test_a_log_that_makes_no_scenario_is_refused(
    parcels: Path, rows: list[str], subjects: tuple[str, ...], rule: str
) -> None:
    (parcels / "log.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    with pytest.raises(InvalidQuery) as caught:
        kept_log(parcels, *subjects)
    assert [one.rule for one in caught.value.problems] == [rule]
    assert not (parcels / "recorded.yaml").exists()


def test_a_map_that_does_not_fit_is_refused_as_for_a_replay(parcels: Path) -> None:
    (parcels / "map.yaml").write_text(MAP.replace("column: grams", "column: pounds"))
    with pytest.raises(ReplayRefused, match="unknown-column"):
        kept_log(parcels)
