"""`makegood test --record`, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.replay.scene import HEADER, LIFECYCLE, MAP
from tests.workflow.scenarios import loans
from tests.workflow.scenarios.loans import LOAN
from tests.workflow.world import new_world
from workflow.cli.commands import app


def run(*words: object) -> Result:
    """What the command says and how it ends."""
    return CliRunner().invoke(app, ["test", *map(str, words)])


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in whose store a loan was given back."""
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    world = new_world(url, LOAN)
    loans.lent_and_given_back(world)
    world.store.close()
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", url)
    return tmp_path


def test_a_ledger_is_recorded_and_the_recording_is_played(ledger: Path) -> None:
    out = ledger / "loan-1.yaml"
    result = run("--record", "loan:1", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{out}: 3 steps about 1 subjects, which go well" in result.stderr
    assert run(out).exit_code == 0
    (ledger / "loan.yaml").write_text(LOAN.replace("P7D", "P8D"))
    assert run(out).exit_code == 1


def test_a_log_is_recorded(tmp_path: Path) -> None:
    for name, text in (
        ("parcel.yaml", LIFECYCLE),
        ("map.yaml", MAP),
        ("log.csv", f"{HEADER}7,1,2026-03-02 10:00,sent,5\n"),
    ):
        (tmp_path / name).write_text(text)
    files = ("--map", tmp_path / "map.yaml", "--lifecycle", tmp_path / "parcel.yaml")
    result = run(
        "--record", tmp_path / "log.csv", *files, "--out", tmp_path / "recorded.yaml", "--subject", "7"
    )
    assert result.exit_code == 0, result.stderr
    assert "1 steps about 1 subjects, which go well" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--record", "loan:9", "--out", "x.yaml"), "no event ever named 'loan:9'"),
        (("--record", "--out", "x.yaml"), "--record: name subjects, or a log [required]"),
        (("--record", "log.csv", "--out", "x.yaml"), "--record: 'log.csv' is no subject's key"),
        (("--record", "loan:1", "--subject", "1", "--out", "x.yaml"), "--subject: chooses from a log"),
        (
            ("--record", "log.csv", "--map", "map.yaml", "--out", "x.yaml"),
            "--lifecycle: is what the log is run through",
        ),
        (
            ("--record", "a.csv", "b.csv", "--lifecycle", "l.yaml", "--out", "x.yaml"),
            "--record: takes one log, and not 2",
        ),
        (("--record", "loan:1", "--out", "nowhere/x.yaml"), "--out: nowhere is no folder [no-folder]"),
        (("--record", "loan:1", "--out", "makegood.db"), "--out: makegood.db is there already [in-the-way]"),
    ],
)
def test_what_cannot_be_recorded_is_said(
    words: tuple[str, ...], said: str, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ledger)
    before = sorted(ledger.iterdir())
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert sorted(ledger.iterdir()) == before


@pytest.mark.parametrize("option", ["--out", "--map", "--lifecycle", "--subject"])
def test_options_of_a_recording_go_with_record(option: str, tmp_path: Path) -> None:
    result = run(tmp_path, option, "x")
    assert result.exit_code == 2
    assert "goes with --record" in result.stderr


def test_a_recording_needs_a_file() -> None:
    result = run("--record", "loan:1")
    assert result.exit_code == 2
    assert "--out" in result.stderr
