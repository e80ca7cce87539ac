"""Nothing but `workflow/clock.py` asks what time it is, and nothing hands business time to the broker."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("makegood", "state_machines", "workflow", "tasks")
CLOCK = "workflow/clock.py"
FORBIDDEN = {
    ("time", "monotonic"), ("time", "sleep"),
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"), ("time", "strftime"),
    ("func", "now"), ("func", "current_timestamp"), ("func", "clock_timestamp"),
}  # fmt: skip
SQL_CLOCK = ("current_timestamp", "clock_timestamp(", " now()", "=now()", "(now()", "localtimestamp")


def _sources() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constants that are documentation."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def _called(node: ast.Call) -> tuple[str, str] | None:
    """`datetime.datetime.now()` and `datetime.now()` are both ("datetime", "now")."""
    function = node.func
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name, function.attr


def clock_reads(path: str, source: str) -> list[str]:
    """Where a source file asks the time itself: calls, bare imports of clock functions, SQL's own clock."""
    tree = ast.parse(source)
    documentation = _docstrings(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in FORBIDDEN:
            found.append(f"{path}:{node.lineno} {ast.unparse(node.func)}()")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"{path}:{node.lineno} from time import {name.name}" for name in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            found += [
                f"{path}:{node.lineno} SQL {word!r}" for word in SQL_CLOCK if word in node.value.lower()
            ]
    return found


def broker_times(path: str, source: str) -> list[str]:
    """Where a source file gives the broker a time: `eta=`, `countdown=`."""
    return [
        f"{path}:{node.value.lineno} {node.arg}="
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.keyword) and node.arg in ("eta", "countdown")
    ]


def test_the_clock_is_read_in_one_module_only() -> None:
    found = [read for path, source in _sources() if path != CLOCK for read in clock_reads(path, source)]
    assert found == []


def test_no_time_is_left_to_the_broker() -> None:
    assert [time for path, source in _sources() for time in broker_times(path, source)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import date\nx = date.today()",
        "import time\nx = time.time()",
        "import time\ntime.sleep(1)",
        "from time import time",
        "x = text('UPDATE timers SET due = now()')",
        "x = func.now()",
    ],
)
def test_a_clock_read_would_be_found(source: str) -> None:
    assert clock_reads("workflow/elsewhere.py", source) != []


def test_asking_a_clock_that_was_handed_in_is_right() -> None:
    assert clock_reads("workflow/elsewhere.py", "x = clock.now()\ny = self._clock.now()") == []


@pytest.mark.parametrize(
    "source", ["task.apply_async(args, eta=then)", "task.apply_async(args, countdown=5)"]
)
def test_a_time_for_the_broker_would_be_found(source: str) -> None:
    assert broker_times("workflow/elsewhere.py", source) != []
