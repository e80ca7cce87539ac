"""A short run takes each behaviour once, and says how much it left out; CI leaves out nothing."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """
import pytest
from tests import short_run

def pytest_addoption(parser):
    short_run.add_option(parser)

def pytest_configure(config):
    short_run.prepare(config)

@pytest.fixture(params=["sqlite", "postgresql"])
def store(request):
    return request.param

@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request):
    return request.param

@pytest.fixture
def broker(request):
    return request.param

@pytest.fixture
def chromium():
    return None

@pytest.fixture
def installation(request):
    return None
"""
PLANTED = """
import pytest

def test_plain(): pass
def test_in_a_browser(chromium): pass
def test_more_in_a_browser(chromium): pass
@pytest.mark.parametrize("installation", ["valkey", "rabbitmq"], indirect=True)
def test_with_workers(installation): pass
def test_more_with_workers(installation): pass
def test_on_stores(store): pass
@pytest.mark.parametrize("row", [None, 1, 1.5])
def test_rows_on_stores(store, row): pass
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_told_its_store(kind): pass
@pytest.mark.parametrize("broker", ["valkey", "rabbitmq"], indirect=True)
@pytest.mark.parametrize(("a", "b"), [(1, 2), (3, 4)])
def test_rows_on_brokers(broker, a, b): pass
@pytest.mark.parametrize("broker, many", [("valkey", 1), ("valkey", 2), ("rabbitmq", 1)], indirect=["broker"])
def test_some_pairs(broker, many): pass
def test_one(house): pass
def test_another(house): pass
def test_a_third(house): pass
@pytest.mark.sampled
@pytest.mark.parametrize("row", range(5))
def test_sampled(row): pass
@pytest.mark.sampled(one_in=3)
@pytest.mark.parametrize("row", range(9))
def test_sampled_thrice(store, row): pass
@pytest.mark.sampled(one_in=30)
@pytest.mark.parametrize("row", range(4))
def test_sampled_seldom(row): pass
@pytest.mark.exhaustive
def test_soak(): pass
@pytest.mark.contract
def test_contract(store): pass
@pytest.mark.parametrize("row", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_a_row_that_takes_long(row): pass
"""
TAKEN = {
    "test_plain": 1,
    "test_in_a_browser": 1,
    "test_with_workers": 1,
    "test_on_stores": 1,
    "test_rows_on_stores": 3,
    "test_told_its_store": 1,
    "test_rows_on_brokers": 2,
    "test_some_pairs": 2,
    "test_one": 1,
    "test_another": 1,
    "test_a_third": 1,
    "test_sampled": 1,
    "test_sampled_thrice": 3,
    "test_sampled_seldom": 1,
    "test_a_row_that_takes_long": 1,
    "test_contract": 2,
}
FILES = 8
ALL = 1 + 2 + 3 + 2 + 6 + 2 + 4 + 3 + 3 * 2 + 5 + 18 + 4 + 1 + 2 + 2


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of its own whose tests have variants of every kind."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for number in range(FILES):
        (folder / f"test_planted_{number}.py").write_text(PLANTED, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
    return folder


def run(folder: Path, *options: str) -> str:
    """What pytest says of that suite."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:cloudcoil", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def collected(folder: Path, *options: str) -> list[str]:
    """Which tests a run takes, by their ids."""
    return [line for line in run(folder, "--collect-only", "-q", *options).splitlines() if "::" in line]


@pytest.fixture(scope="module")
def short(planted: Path) -> list[str]:
    """What a short run takes of it."""
    return collected(planted, "--short")


def test_of_each_behaviour_one_variant_is_taken(short: list[str]) -> None:
    taken = [one for one in short if one.startswith("test_planted_0.py")]
    counts = {name: sum(one.partition("::")[2].partition("[")[0] == name for one in taken) for name in TAKEN}
    assert counts == TAKEN
    assert len(taken) == sum(TAKEN.values())


def test_without_it_all_are_taken(planted: Path) -> None:
    said = run(planted, "test_planted_0.py")
    assert f"{ALL} passed" in said
    assert "left to CI" not in said


def test_each_run_takes_the_same_and_both_stores_are_in_use(planted: Path, short: list[str]) -> None:
    assert short == collected(planted, "--short")
    for store in ("sqlite", "postgresql"):
        assert any(f"test_on_stores[{store}]" in one for one in short)
        assert any(f"test_told_its_store[{store}]" in one for one in short)


def test_what_is_made_once_for_a_file_is_one_thing_in_it(short: list[str]) -> None:
    used: dict[str, set[str]] = {}
    for one in short:
        if found := re.fullmatch(r"(.+)::test_(?:one|another|a_third)\[(\w+)\]", one):
            used.setdefault(found[1], set()).add(found[2])
    assert [len(things) for things in used.values()] == [1] * FILES


@pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n", "2")])
def test_the_end_of_a_run_says_how_much_was_left_to_ci(planted: Path, processes: tuple[str, ...]) -> None:
    said = run(planted, "--short", *processes, "test_planted_0.py")
    left = ALL - sum(TAKEN.values())
    assert f"{left} variants were left to CI (2 exhaustive" in said
    assert f"{sum(TAKEN.values())} passed" in said
    assert "skipped" not in said


def test_ci_leaves_out_nothing() -> None:
    def command(**env: str) -> str:
        done = subprocess.run(
            ["make", "-n", "-o", ".venv/.installed", "test"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in ("CI", "MAKEFLAGS")} | env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert "--short" in command()
    assert "--short" not in command(CI="true")
    assert "export CI=true" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _left_to_ci(path: str) -> set[str]:
    """The tests of a file that a short run does not take."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    whole = [ast.unparse(one) for one in tree.body if isinstance(one, ast.Assign)]
    functions = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    return {
        one.name
        for one in functions
        if "pytestmark = pytest.mark.exhaustive" in whole
        or any(ast.unparse(mark) == "pytest.mark.exhaustive" for mark in one.decorator_list)
    }


_NUMBERED = re.split(r"^\d+\. ", (ROOT / "docs" / "invariants.md").read_text("utf-8"), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("number", range(1, len(_NUMBERED) + 1))
def test_every_invariant_is_held_by_a_test_of_the_short_run(number: int) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", _NUMBERED[number - 1])
    assert any(test not in _left_to_ci(file) for file, test in named)
