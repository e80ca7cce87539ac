"""Invariant 16: a poison of each kind among good promises; these lapse once each, it shows and is dropped."""

from __future__ import annotations

import pytest

from tests.processes.installation import Installation
from tests.processes.poisons import POISONS, run


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
def test_the_good_are_told_and_each_poison_is_named_and_dropped(installation: Installation) -> None:
    found = run(installation, 60, 4.0, poisoned=True)
    assert len(found.late) == 60
    assert len(found.dropped) == len(POISONS)
