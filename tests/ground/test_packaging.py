"""The wheel holds our four packages, all of their data, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import makegood

ROOT = Path(__file__).parents[2]
PACKAGES = ("makegood", "state_machines", "workflow", "tasks")
OWNER_GIVEN = {"celery", "redis", "transitions", "sqlalchemy", "flower", "pytest", "fakeredis"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly built wheel."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = directory.glob("makegood-*.whl")
    return wheel


@pytest.fixture(scope="module")
def packed(wheel: Path) -> set[str]:
    """Names of the files in it, without its metadata."""
    with zipfile.ZipFile(wheel) as files:
        return {name for name in files.namelist() if ".dist-info/" not in name}


def test_everything_in_the_packages_is_packed(packed: set[str]) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    stories = {
        f"workflow/demo/stories/{path.name}" for path in (ROOT / "tests/scenarios/stories").glob("*")
    }  # the demonstration plays scenarios, which are tests
    assert (sources | stories) - packed == set()
    assert packed - sources - stories == set()


def test_its_version_is_the_one_that_programs_can_ask_for(wheel: Path) -> None:
    assert wheel.name.split("-")[1] == makegood.__version__


def test_data_is_among_it(packed: set[str]) -> None:
    assert {
        "makegood/py.typed",
        "state_machines/catalog/promise/promise.yaml",
        "workflow/store/migrations/script.py.mako",
        "workflow/store/migrations/versions/0001_the_spine.py",
    } <= packed


def test_the_packages_that_the_project_stands_on_are_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {requirement.partition(">")[0].partition("[")[0] for requirement in required}
    assert set() == OWNER_GIVEN - names
