"""A TypeScript client that openapi-typescript writes from the document: it compiles strictly, and works."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from tests.servers.npm_packages import npm_packages
from workflow.access.role import Role
from workflow.engine.definition_files import bundle_of

HERE = Path(__file__).with_name("typescript")
RETURNS = Path(__file__).parents[2] / "examples" / "returns" / "returns.yaml"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An API with somebody's own lifecycles, and a worker."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('typescript') / 'makegood.db'}") as opened:
        own = bundle_of(RETURNS, lambda file: file.read_text(encoding="utf-8"))
        opened.runtime.registry.register([(own, RETURNS.name)], opened.runtime.clock.now())
        with deciding(opened.runtime.engine):
            yield opened


@pytest.fixture
def project(pytestconfig: pytest.Config, missing: Callable[[str], None], tmp_path: Path) -> Path:
    """A directory with the sources and the packages of the lock file."""
    packages = npm_packages(HERE, pytestconfig.cache.mkdir("typescript"), missing)
    for file in (*HERE.glob("*.ts"), *HERE.glob("*.json")):
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "node_modules").symlink_to(packages)
    return tmp_path


def test_it_is_generated_compiled_and_used(house: House, node: str, project: Path) -> None:
    """By the commands of docs/client.md."""

    def run(*command: str) -> str:
        done = subprocess.run([node, *command], cwd=project, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    url = str(house.http.base_url)
    run("node_modules/openapi-typescript/bin/cli.js", f"{url}/openapi.json", "-o", "makegood.ts")
    run("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")
    said = json.loads(run("client.js", url, house.keys[Role.SYSTEM]))
    assert said == {
        "made": [200, "promise:T/17", "made"],
        "again": "duplicate",
        "words": "We call you today",
        "kept": [200, "kept", 2],
        "late": [412, "changed"],
        "returned": [201, "announced"],
        "listed": ["T/17"],
        "found": ["promise:T/17"],
        "nobody": [401, "authorization"],
    }
