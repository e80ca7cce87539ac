"""Changes on the real stack, with a worker killed, and receivers that are slow, late, fickle and dead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.processes.forwarding.playing import play
from tests.processes.installation import Installation


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
def test_nothing_is_lost_nor_out_of_order_whoever_is_killed(installation: Installation) -> None:
    played = play(installation, changes=800, subjects=200, kills=1, every=2.0)
    assert played.faults() == [], "\n".join(played.table())
    told = {one.name: one for one in played.told}
    assert told["quick"].wanted == 800
    assert told["late"].repeated > 0, "who answered late got it again"
    assert told["fickle"].repeated > 0
    assert replace(played, told=[replace(told["quick"], lost=1, disordered=2)]).faults() == [
        "quick: 1 lost",
        "quick: 2 subjects out of order",
    ]
