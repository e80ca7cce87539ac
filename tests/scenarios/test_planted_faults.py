"""Faults planted in the catalog are found, each by a scenario that says what is not as it must be."""

from __future__ import annotations

import pytest

from tests.scenarios.planted import FAULTS, report_of


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_told(name: str) -> None:
    fault = FAULTS[name]
    told = report_of(fault)
    assert told, "nobody noticed"
    assert "expected" in told
    assert fault.said in told
