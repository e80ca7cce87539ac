"""Invariant 1: nobody outside can take the id of an event that makegood is about to send itself.

Else the escalation of a broken promise, sent as `promise:P/3/0`, would be a duplicate and never be opened.
"""

from __future__ import annotations

import pytest

from tasks.channels import live
from tasks.sending import nobody_there
from workflow.engine import fan_out as fan_out
from workflow.engine.cloudevent import parse
from workflow.errors import InvalidEvent
from workflow.outbox import receipts
from workflow.recovery import lost_sends, reports
from workflow.recovery.desk import desk
from workflow.recovery.links import answering
from workflow.store import own_sources
from workflow.store.own_sources import OWN_SOURCES


def test_every_source_of_ours_is_reserved() -> None:
    ours = {
        fan_out.SOURCE, receipts.SOURCE, lost_sends.SOURCE, live.SOURCE, desk.SOURCE, answering.SOURCE,
        own_sources.TIMER_SOURCE, reports.SOURCE, nobody_there.SOURCE, own_sources.MIGRATION_SOURCE,
        own_sources.ASIDE_SOURCE, own_sources.BELL_SOURCE,
    }  # fmt: skip
    assert ours == OWN_SOURCES.keys()


@pytest.mark.parametrize("source", sorted(OWN_SOURCES))
def test_the_door_refuses_it(source: str) -> None:
    document = {
        "specversion": "1.0",
        "id": "promise:P-17/2/1",
        "source": source,
        "type": "escalation.open",
        "subject": "escalation:nobody",
    }
    with pytest.raises(InvalidEvent) as refusal:
        parse(document)
    assert [(one.field, one.rule) for one in refusal.value.problems] == [("source", "reserved-source")]
