"""A long-lived worker neither dies of nulls nor grows by every function call: in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

NULLS = """
from datetime import UTC, datetime
from state_machines.decision import Event
from state_machines.expressions import compile_expression
from state_machines.subject import Subject
from state_machines.expressions.view import View

now = datetime(2026, 7, 1, tzinfo=UTC)
data = {"nothing": None, "list": [None, {"deep": None}]}
view = View(Subject("a:1", "a", 1), Event("t", "e", "/t", now), {}, data, now)
for text in ("null", "data", "data.nothing", "{'a': null}", "data.list[0]", "[data.nothing][0]"):
    expression = compile_expression(text)
    for _ in range(20_000):
        expression.evaluate(view)
print("alive")
"""

CALLS = """
import resource
from datetime import UTC, datetime
from state_machines.decision import Event
from state_machines.expressions import compile_expression
from state_machines.subject import Subject
from state_machines.expressions.view import View

now = datetime(2026, 7, 1, tzinfo=UTC)
data = {"words": {str(n): "x" * 200 for n in range(50)}}
subject, event = Subject("a:1", "a", 1), Event("t", "e", "/t", now)
expression = compile_expression("size(keys(data.words))")

def rounds(count):
    for _ in range(count):
        assert expression.evaluate(View(subject, event, {}, data, now)) == 50
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = rounds(500)
print((rounds(2_000) - before) // 2)  # kilobytes per thousand calls
assert len(data["words"]) == 50
"""


def answer_of(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_hundred_thousand_nulls_do_not_kill_the_process() -> None:
    assert answer_of(NULLS) == "alive"


def test_a_function_call_does_not_keep_what_it_was_given() -> None:
    # The map is some 17 KB in Python and every call would keep it; the 3 KB of the result it does keep.
    assert int(answer_of(CALLS)) < 8_000
