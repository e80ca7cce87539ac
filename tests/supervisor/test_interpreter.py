"""What a process of ours imports from: what is installed, or the source tree; never the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workflow.supervisor import interpreter
from workflow.supervisor.interpreter import import_environment, leave_out_current_folder, module_command

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module that may not be imported; nothing is said about import paths yet."""
    (tmp_path / "workflow.py").write_text("raise SystemExit('wrong module imported')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_a_module_is_run_without_the_current_folder(folder: Path) -> None:
    command = module_command("workflow.cli", "--help")
    done = subprocess.run(command, env={**os.environ, **import_environment()}, capture_output=True, text=True)
    assert done.returncode == 0 and "Promises kept" in done.stdout, done.stderr


def test_a_source_tree_is_found_wherever_its_processes_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", "", str(folder), ROOT]))
    assert import_environment() == {
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": os.pathsep.join([ROOT, "/elsewhere"]),
    }


def test_what_is_installed_is_not_named_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_ROOT", Path("/venv/lib/site-packages"))
    assert import_environment() == {"PYTHONSAFEPATH": "1", "PYTHONPATH": ""}


def test_a_process_leaves_the_current_folder_out_from_then_on(folder: Path) -> None:
    sys.path[:0] = ["", str(folder), "."]
    leave_out_current_folder()
    assert not {"", str(folder), "."} & set(sys.path)
    assert os.environ["PYTHONSAFEPATH"] == "1"


def test_a_source_tree_stays_even_where_it_is_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    sys.path[:] = ["", "/elsewhere"]
    leave_out_current_folder()
    assert sys.path == [ROOT, "/elsewhere"]


def test_a_folder_that_was_removed_is_none(folder: Path) -> None:
    sys.path[:0] = [""]
    (folder / "workflow.py").unlink()
    folder.rmdir()
    leave_out_current_folder()
    assert "" not in sys.path
