"""A running `makegood api`, and what the clients of other languages need."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.running_api import running_api
from tests.servers.npm_packages import npm_packages

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
    return npm_packages(JAVASCRIPT, pytestconfig.cache.mkdir("javascript"), missing)
