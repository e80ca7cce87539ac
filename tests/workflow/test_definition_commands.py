"""`makegood check` and `makegood draw`, as a person types them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from state_machines import catalog
from tests.state_machines.test_check import SOUND
from workflow.cli.commands import app


def run(*words: object) -> Result:
    """What a command says and how it ends."""
    return CliRunner().invoke(app, [str(word) for word in words])


def test_check_finds_nothing_wrong_with_the_catalog() -> None:
    result = run("check", *catalog.NAMES)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert f"{len(catalog.NAMES)} definitions checked, no problems" in result.stderr


def test_check_names_file_line_field_and_rule_and_ends_with_1(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SOUND)
    bad.write_text(SOUND.replace("dest: planned\n", "dest: nowhere\n"))
    result = run("check", good, bad)
    assert result.exit_code == 1
    line = bad.read_text().splitlines().index("    dest: nowhere") + 1
    assert f"{bad}:{line}: transitions[0].dest: there is no state 'nowhere' [unknown-state]" in result.stdout
    assert str(good) not in result.stdout


def test_files_that_are_checked_together_know_each_other(tmp_path: Path) -> None:
    visit, other = tmp_path / "visit.yaml", tmp_path / "errand.yaml"
    visit.write_text(SOUND.replace("lifecycle: job, trigger: schedule", "lifecycle: errand, trigger: plan"))
    other.write_text(
        SOUND.replace("lifecycle: visit", "lifecycle: errand").replace(
            "  plan: {data: {", "  plan: {data: {task: {}, "
        )
    )
    assert run("check", visit).exit_code == 1
    assert run("check", visit, other).exit_code == 0


@pytest.mark.parametrize(
    ("content", "place", "rule"),
    [
        (b"lifecycle: x\ntitle: \xff\n", ":2: document:", "[utf-8]"),
        (b"x: " + b"y" * 300_000, ": document:", "[too-large]"),
        (b"x: [", ":1: document:", "[yaml]"),
        (None, ": document:", "[no-file]"),
    ],
)
def test_what_is_no_text_is_a_problem_and_not_a_crash(
    tmp_path: Path, content: bytes | None, place: str, rule: str
) -> None:
    file = tmp_path / "visit.yaml"
    if content is not None:
        file.write_bytes(content)
    result = run("check", file)
    assert result.exit_code == 1
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{file}{place}") and line.endswith(rule)


def test_draw_writes_mermaid_unless_it_is_to_be_an_svg(tmp_path: Path) -> None:
    assert "stateDiagram-v2" in run("draw", "promise").stdout
    assert run("draw", "promise", "--format", "svg").stdout.startswith("<svg ")
    file = tmp_path / "promise.svg"
    result = run("draw", "promise", "-o", file)
    assert result.exit_code == 0 and result.stdout == ""
    assert file.read_text().startswith("<svg ")
    run("draw", "promise", "-o", file, "--format", "mermaid")
    assert "stateDiagram-v2" in file.read_text()


def test_draw_refuses_what_cannot_be_decided_upon(tmp_path: Path) -> None:
    file, out = tmp_path / "visit.yaml", tmp_path / "visit.svg"
    file.write_text(SOUND.replace("dest: planned\n", "dest: nowhere\n"))
    result = run("draw", file, "-o", out)
    assert result.exit_code == 1
    assert "unknown-state" in str(result.exception)
    assert not out.exists()


def test_draw_says_where_it_cannot_write(tmp_path: Path) -> None:
    result = run("draw", "promise", "-o", tmp_path / "no" / "such" / "folder.svg")
    assert result.exit_code == 1 and "--out" in str(result.exception)


def test_a_directory_is_checked_with_its_folders_and_an_empty_one_is_a_mistake(tmp_path: Path) -> None:
    for file in (tmp_path / "note.yaml", tmp_path / "loan" / "loan.yaml"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            f"edition: 2\nlifecycle: {file.stem}\nversion: 1\nstates: [{{name: done, final: true}}]\n"
            "transitions:\n  - {trigger: open, source: initial, dest: done}\n"
        )
    result = run("check", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "2 definitions checked, no problems\n")
    assert run("check", str(Path(catalog.__file__).parent)).stderr.startswith(f"{len(catalog.NAMES)} def")
    (tmp_path / "nothing").mkdir()
    assert run("check", str(tmp_path / "nothing")).exit_code == 2
