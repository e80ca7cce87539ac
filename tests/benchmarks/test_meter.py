"""What is measured is a lifecycle that makegood runs: what `check` refuses, no process would load."""

from __future__ import annotations

from benchmarks.meter import METER
from state_machines.check import check


def test_the_meter_has_no_fault() -> None:
    assert check(METER, "meter.yaml") == []
