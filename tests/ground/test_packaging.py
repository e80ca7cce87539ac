"""The wheel holds our three packages, all of their data, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("state_machines", "workflow", "tasks")
OWNER_GIVEN = {"celery", "redis", "transitions", "sqlalchemy", "flower", "pytest", "fakeredis"}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a freshly built wheel, without its metadata."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = directory.glob("makegood-*.whl")
    with zipfile.ZipFile(wheel) as files:
        return {name for name in files.namelist() if ".dist-info/" not in name}


def test_everything_in_the_packages_is_packed(packed: set[str]) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources - packed == set()
    assert packed - sources == set()


def test_data_is_among_it(packed: set[str]) -> None:
    assert {
        "state_machines/catalog/promise.yaml",
        "workflow/store/migrations/script.py.mako",
        "workflow/store/migrations/versions/0001_the_spine.py",
    } <= packed


def test_the_packages_that_the_project_stands_on_are_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {requirement.partition(">")[0].partition("[")[0] for requirement in required}
    assert set() == OWNER_GIVEN - names
