"""The incidents of a real service desk: exact moves, the same on both stores and in every run.

`excerpt.csv` is 60 incidents of the "Incident management process enriched event log" (C. A. L. Amaral,
M. Fantinato, S. M. Peres; UCI Machine Learning Repository, CC BY 4.0), among them all kinds of trouble.
"""

import csv
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.replay.oracle import expected_moves
from tests.replay.scene import row_counts
from workflow.replay.session import Request, replay

INCIDENTS = Path(__file__).parents[2] / "examples" / "incidents"
LOG = INCIDENTS / "excerpt.csv"


def play(directory: Path, url: str | None = None, log: Path = LOG) -> tuple[dict[str, Any], bytes, bytes]:
    """Report, and the bytes of the moves and of the report."""
    directory.mkdir(exist_ok=True)
    request = Request(
        log, [INCIDENTS / "lifecycle.yaml"], INCIDENTS / "map.yaml",
        directory / "R.json", directory / "M.jsonl",
        database_url=url,
    )  # fmt: skip
    report = replay(request)
    return report, request.moves.read_bytes(), request.report.read_bytes()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes, bytes]:
    """One run on the temporary store."""
    return play(tmp_path_factory.mktemp("incidents"))


def test_the_moves_are_those_that_another_reckoning_gives(
    played: tuple[dict[str, Any], bytes, bytes],
) -> None:
    expected = expected_moves(LOG)
    assert [orjson.loads(line) for line in played[1].splitlines()] == expected
    assert sum(move["cause"] == "timer" for move in expected) == 27


def test_the_same_bytes_again_and_on_both_stores(
    played: tuple[dict[str, Any], bytes, bytes], tmp_path: Path, database_url: str
) -> None:
    _, moves, report = play(tmp_path / "again", database_url)
    assert moves == played[1]
    assert report == played[2]


def test_every_row_is_accounted_for(played: tuple[dict[str, Any], bytes, bytes]) -> None:
    with LOG.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert played[0]["rows"] == row_counts(len(rows), applied=len(rows))
    assert played[0]["at_the_end"]["subjects"] == {
        "incident": {"closed": len({row["number"] for row in rows})}
    }


def test_the_one_incident_that_runs_backwards_is_named(played: tuple[dict[str, Any], bytes, bytes]) -> None:
    assert [one["subject"] for one in played[0]["order"]["backwards"]] == ["incident:INC0000137"]


def test_the_lapses_agree_with_the_log_s_own_verdict(played: tuple[dict[str, Any], bytes, bytes]) -> None:
    with LOG.open(encoding="utf-8", newline="") as file:
        breached = {row["number"] for row in csv.DictReader(file) if row["made_sla"] == "FALSE"}
    moves = [orjson.loads(line) for line in played[1].splitlines()]
    lapsed = [move["subject"].partition(":")[2] for move in moves if move["trigger"] == "lapse"]
    assert len(lapsed) == len(set(lapsed))
    assert set(lapsed) == breached
    comparison = played[0]["comparison"]
    assert (comparison["all"]["both"], comparison["all"]["neither"]) == (27, 33)
    assert comparison["differences"] == []
    assert sum(group["subjects"] for group in comparison["groups"].values()) == 60


def test_a_disagreement_is_counted_and_named(tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    text = LOG.read_text(encoding="utf-8")
    lines = [
        line.replace(",FALSE,", ",TRUE,") if line.startswith("INC0000297,") else
        line.replace(",TRUE,", ",FALSE,") if line.startswith("INC0000372,Closed") else line
        for line in text.splitlines(keepends=True)
    ]  # fmt: skip
    changed.write_text("".join(lines), encoding="utf-8")
    comparison = play(tmp_path, log=changed)[0]["comparison"]
    assert (comparison["all"]["only_ours"], comparison["all"]["only_log"]) == (1, 1)
    assert (comparison["groups"]["3"]["only_ours"], comparison["groups"]["3"]["only_log"]) == (1, 1)
    assert [(one["subject"], one["log_at"] is None) for one in comparison["differences"]] == [
        ("incident:INC0000297", True),
        ("incident:INC0000372", False),
    ]
