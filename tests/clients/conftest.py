"""A running `makegood api`, and what the clients of other languages need."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.running_api import running_api

JAVASCRIPT = Path(__file__).with_name("javascript")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a running API with the key of a system; without a worker events stay as they came."""
    directory = tmp_path_factory.mktemp("served")
    with running_api(f"sqlite:///{directory / 'makegood.db'}", directory, processes=1) as api:
        yield api.client()


@pytest.fixture(scope="session")
def node(missing: Callable[[str], None]) -> str:
    """Path of Node.js."""
    found = shutil.which("node")
    if found is None:
        missing("node is missing, and a client is tried with it: install nodejs")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def javascript_packages(pytestconfig: pytest.Config, missing: Callable[[str], None]) -> Path:
    """The directory with the packages of `package-lock.json`, installed once for each state of that file."""
    lock = (JAVASCRIPT / "package-lock.json").read_bytes()
    installed = pytestconfig.cache.mkdir("javascript") / hashlib.sha256(lock).hexdigest()[:16]
    if not installed.exists():
        npm = shutil.which("npm")
        if npm is None:
            missing("npm is missing, and a client is installed with it: install npm")
        _install(str(npm), installed, missing)
    return installed / "node_modules"


def _install(npm: str, installed: Path, missing: Callable[[str], None]) -> None:
    """Install beside, then move: test processes that begin at once find all of it or nothing."""
    beside = installed.with_name(f"{installed.name}.{os.getpid()}")
    beside.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(JAVASCRIPT / name, beside / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=beside, capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        shutil.rmtree(beside)
        missing(f"npm could not install the JavaScript clients: {done.stderr[-1_000:]}")
    try:
        beside.rename(installed)
    except OSError:  # another test process was first
        shutil.rmtree(beside)
