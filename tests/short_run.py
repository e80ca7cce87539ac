"""Which tests a run takes: all of them, or, with ``--short``, each behaviour once.

A test function says one behaviour. What is passed to its fixtures (a store, a broker, a client, a width of a
page) is what it runs on; what is passed to itself is a row of a table, in which something else is said.
With ``--short``

* a test runs on one thing of several, which follows from its name, so that over the suite all are in use;
  what is marked `contract` runs on each, since there the SQL of each store is the subject;
* a table's rows are all taken, but for one in so many where it is marked `sampled`;
* of the tests of a file that start a browser, or workers of their own, the first one is taken;
* what is marked `exhaustive` is left out: its behaviour has a test that stays;
* a law that is costly is tried with a quarter of its `examples`.

What is left out is deselected, never skipped, and the end of the run says how much it was. Without
``--short``, as in CI, nothing is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

OPTION = "--short"
STORES = ("sqlite", "postgresql")
"""A store is what a test runs on, even where it is passed to the test itself."""
HEAVY = ("chromium", "installation", "sqlite_installation")
"""Fixtures by which a test has a browser, or workers of its own."""
MARKS = (
    "contract: what it runs on is what it tests: a short run takes it on each",
    "exhaustive: left out of a short run: one variant more of what is shown elsewhere, or a long wait",
    "sampled(one_in): rows that go one way; a short run takes one in so many of them (default: one of all)",
)


_SHARE = 4
_examples = {"share": 1}


def add_option(parser: pytest.Parser) -> None:
    """Let a run be a short one."""
    parser.addoption(OPTION, action="store_true", help="run each behaviour once; leave its variants to CI")


def prepare(config: pytest.Config) -> None:
    """Make the marks known; where the run is a short one, let it choose."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    if config.getoption(OPTION):
        _examples["share"] = _SHARE
        config.pluginmanager.register(ShortRun(config), "short-run")


def examples(number: int) -> int:
    """How many examples a law is tried with that has so many where nothing is left out."""
    return -(-number // _examples["share"])


class ShortRun:
    """Deselects what a short run leaves out, and says at its end how much that was."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._left: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep those that a short run takes, in their order."""
        left = left_out(items)
        self._left = Counter(left.values())
        self._config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]

    def pytest_sessionfinish(self) -> None:
        """In a process of several: tell the one that leads them."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["left_out"] = dict(self._left)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """In the process that leads others: each of them has left out the same."""
        self._left = Counter(getattr(node, "workeroutput", {}).get("left_out", self._left))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how much was left to CI."""
        parts = ", ".join(f"{number} {why}" for why, number in sorted(self._left.items()))
        terminalreporter.section("short run")
        terminalreporter.line(
            f"{self._left.total()} variants were left to CI ({parts or 'none'}); all of them: make test-all"
        )


def left_out(items: Iterable[pytest.Item]) -> Mapping[pytest.Item, str]:
    """Those that a short run does not take, each with the reason."""
    left: dict[pytest.Item, str] = {}
    functions: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("exhaustive"):
            left[item] = "exhaustive"
        else:
            functions[item.nodeid.partition("[")[0]].append(item)
    begun: set[tuple[Path, str]] = set()
    for name, variants in functions.items():
        heavy = {(variants[0].path, one) for one in HEAVY if one in _fixtures(variants[0])}
        if heavy & begun:
            left |= dict.fromkeys(variants, "with a browser or workers, not the first of their file")
            continue
        begun |= heavy
        rows: dict[tuple[int, ...], list[pytest.Item]] = defaultdict(list)
        for item in variants:
            rows[_Place(item).row].append(item)
        taken = _sampled(name, variants[0].get_closest_marker("sampled"), list(rows))
        for row, alike in rows.items():
            if row not in taken:
                left |= dict.fromkeys(alike, "other rows")
                continue
            if variants[0].get_closest_marker("contract"):
                continue
            chosen = _one_of(alike, name)
            left |= {item: "on other things" for item in alike if item is not chosen}
    return left


def _fixtures(item: pytest.Item) -> Sequence[str]:
    """Whatever a test asks for, directly or not."""
    return getattr(item, "fixturenames", ())


def _sampled(
    name: str, mark: pytest.Mark | None, rows: Sequence[tuple[int, ...]]
) -> Sequence[tuple[int, ...]]:
    """The rows of a test that are taken."""
    if mark is None:
        return rows
    step = min(mark.kwargs.get("one_in", len(rows)), len(rows))
    return rows[_hash(name) % step :: step]


def _one_of(alike: Sequence[pytest.Item], name: str) -> pytest.Item:
    """The one of these that is taken: by the file's name if what they run on is made once for a file."""
    if len(alike) == 1:
        return alike[0]
    wide = any(_Place(item).is_shared for item in alike)
    return alike[_hash(name.partition("::")[0] if wide else name) % len(alike)]


def _hash(name: str) -> int:
    """The same in every process, on every day."""
    return int.from_bytes(sha256(name.encode()).digest()[:4])


class _Place:
    """Where in its test's table an item stands, and on what it runs."""

    def __init__(self, item: pytest.Item) -> None:
        spec = getattr(item, "callspec", None)
        passed: Mapping[str, object] = {} if spec is None else spec.params
        own = {name for mark in item.iter_markers("parametrize") for name in _own_names(mark)}
        things = {name for name, value in passed.items() if name not in own or _is_store(value)}
        # In each variant of a row stand the same objects; `callspec.indices` counts variants, not rows.
        self.row = tuple(id(passed[name]) for name in sorted(passed.keys() - things))
        self.is_shared = any(spec._arg2scope[name].value != "function" for name in things)


def _is_store(value: object) -> bool:
    return isinstance(value, str) and value in STORES


def _own_names(mark: pytest.Mark) -> set[str]:
    """The names that a `parametrize` passes to the test itself and not to fixtures."""
    names = mark.kwargs.get("argnames") or mark.args[0]
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    indirect = mark.kwargs.get("indirect", mark.args[2] if len(mark.args) > 2 else False)
    if isinstance(indirect, bool):
        return set() if indirect else set(names)
    return set(names) - set(indirect)
