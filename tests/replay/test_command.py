"""The command itself, in a process of its own."""

import subprocess
import sys
from pathlib import Path

from tests.replay.scene import HEADER, Scene

ROOT = Path(__file__).parents[2]


def makegood(scene: Scene, *options: str) -> subprocess.CompletedProcess[str]:
    place = scene.directory
    given = {"--lifecycle": "lifecycle.yaml", "--map": "map.yaml", "--report": "R.json", "--moves": "M.jsonl"}
    files = [word for option, file in given.items() for word in (option, str(place / file))]
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", "replay", str(place / "log.csv"), *files, *options],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_replay_from_the_command_line(scene: Scene) -> None:
    scene.request(HEADER + "A,1,2026-03-02 10:00,sent,\nA,2,2026-03-02 09:00,lost,\n")
    done = makegood(scene, "--until", "P1D", "--allow-refused", "50%")
    assert done.returncode == 0, done.stderr
    assert "1 applied, 0 duplicate, 1 refused" in done.stderr
    assert "1 by event, 1 by timer" in done.stderr
    assert len((scene.directory / "M.jsonl").read_bytes().splitlines()) == 2
    assert done.stdout == ""


def test_what_is_wrong_is_said_with_file_line_field_and_rule(scene: Scene) -> None:
    scene.replace("zone: UTC", "zone: Nowhere")
    scene.request(HEADER + "A,1,2026-03-02 10:00,sent,\n")
    done = makegood(scene)
    assert done.returncode == 1
    assert f"{scene.directory / 'map.yaml'}:5: time.zone: " in done.stderr
    assert "[unknown-zone]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (scene.directory / "R.json").exists()


def test_more_refused_rows_than_allowed_are_said_with_reason_and_example(scene: Scene) -> None:
    scene.request(
        HEADER
        + "A,1,2026-03-02 10:00,sent,\n"
        + "A,2,2026-03-02 11:00,[lost],\n"
        + "A,3,2026-03-02 12:00,stolen,\n"
        + "A B,4,2026-03-02 12:00,sent,\n"
    )
    done = makegood(scene)
    assert done.returncode == 3
    assert "refused 2: what [no-trigger], such as row 2 (line 3): " in done.stderr
    assert "what = '[lost]'" in done.stderr
    assert "refused 1: subject [form], such as row 4 (line 5): " in done.stderr
    assert "75.0% of the rows were refused; --allow-refused is 10.0%" in done.stderr
    assert (scene.directory / "R.json").exists()


def test_a_replay_that_applies_nothing_does_not_go_well_whatever_is_allowed(scene: Scene) -> None:
    scene.request(HEADER + "A B,1,2026-03-02 10:00,sent,\n")
    done = makegood(scene, "--allow-refused", "100%")
    assert done.returncode == 3
    assert "not a single row was applied" in done.stderr


def test_a_share_that_is_none(scene: Scene) -> None:
    scene.request(HEADER + "A,1,2026-03-02 10:00,sent,\n")
    done = makegood(scene, "--allow-refused", "many")
    assert done.returncode == 2
    assert "--allow-refused" in done.stderr
