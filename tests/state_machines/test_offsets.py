"""Offsets: every change of the clocks is found, in order and to the second."""

from datetime import UTC, datetime, timedelta

import pytest

from state_machines.calendars.offsets import constant_stretches, offset_at, offset_changes
from state_machines.values.instants import format_instant, parse_instant, zone

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Europe/Berlin", [("2026-03-29T01:00:00Z", 1), ("2026-10-25T01:00:00Z", -1)]),
        ("Australia/Lord_Howe", [("2026-04-04T15:00:00Z", -0.5), ("2026-10-03T15:30:00Z", 0.5)]),
        ("Antarctica/Troll", [("2026-03-29T01:00:00Z", 2), ("2026-10-25T01:00:00Z", -2)]),
        ("Asia/Kolkata", []),
    ],
)
def test_the_changes_of_a_year(name: str, changes: list[tuple[str, float]]) -> None:
    begin = parse_instant(
        "2026-01-01T07:08:09.5Z"
    )  # off every grid, so that the search has to find the second
    found = list(offset_changes(zone(name), begin, begin + timedelta(days=360)))
    assert [(format_instant(change.at), (change.after - change.before) / HOUR) for change in found] == changes


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia"])
def test_stretches_are_constant_and_leave_no_gap(name: str) -> None:
    begin, end = datetime(2009, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)
    low = begin
    for since, until, offset in constant_stretches(zone(name), begin, end):
        assert since == low < until
        probe = since
        while probe < until:
            assert offset_at(zone(name), probe) == offset
            probe += 5 * HOUR
        assert offset_at(zone(name), until - timedelta(microseconds=1)) == offset
        low = until
    assert low == end


def test_a_change_belongs_to_the_span_that_it_ends_and_not_to_the_one_it_begins() -> None:
    berlin, change = zone("Europe/Berlin"), parse_instant("2026-03-29T01:00:00Z")
    assert [found.at for found in offset_changes(berlin, change - HOUR, change)] == [change]
    assert list(offset_changes(berlin, change, change + HOUR)) == []
    assert list(constant_stretches(berlin, change - HOUR, change)) == [(change - HOUR, change, HOUR)]
