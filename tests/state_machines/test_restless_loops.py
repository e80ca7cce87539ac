"""`makegood check` finds the loops without rest that can be read off a definition, and no honest ones."""

from __future__ import annotations

import pytest

from state_machines.check import check

LOOP = """\
lifecycle: loop
version: 1
data: {{n: {{type: integer, default: 0}}}}
states:
  - {{name: a, timeout: {after}, on_timeout: go}}
  - {{name: b, timeout: {back}, on_timeout: go}}
  - {{name: over, final: true}}
transitions:
  - {{trigger: open, source: initial, dest: a}}
  - {{trigger: end, source: [a, b], dest: over}}
  - {{trigger: go, source: a, dest: b{condition}}}
  - {{trigger: go, source: b, {dest}}}
"""


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["states[0].timeout"]),
        ({"after": "PT0.5S"}, ["states[0].timeout"]),
        ({"back": "PT1S"}, []),
        ({"back": "PT1M"}, []),
        ({"condition": ", conditions: data.n > 0"}, []),
        ({"dest": "dest: b"}, ["states[1].timeout"]),
        ({"dest": "set: {n: =data.n + 1}"}, []),
        ({"dest": "dest: over"}, []),
    ],
)
def test_only_what_goes_on_for_ever_whatever_its_data_is_a_loop(
    changes: dict[str, str], found: list[str]
) -> None:
    parts = {"after": "PT0S", "back": "PT0S", "condition": "", "dest": "dest: a"} | changes
    problems = check(LOOP.format(**parts))
    assert [one.field for one in problems if one.rule == "restless-loop"] == found
