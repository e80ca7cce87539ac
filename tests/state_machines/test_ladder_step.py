"""Which level of a ladder is told at an instant, by the hours of all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.calendars import Calendar
from state_machines.values.instants import parse_instant
from workflow.recovery.rotations.ladder import ladder_fault, ladder_step

MIDNIGHT = datetime(2026, 3, 6, tzinfo=UTC)


def hours(begin: int, end: int) -> dict[str, Any]:
    """So many hours of every day."""
    return {"zone": "UTC", "weekly": {"mon-sun": [f"{begin:02}:00-{end:02}:00"]}}


levels = st.builds(
    lambda begin, length, outside, always: (
        {"people": ["ada"]}
        if always
        else {"people": ["ada"], "hours": hours(begin, min(begin + length, 24))}
        | ({"outside": outside} if outside else {})
    ),
    st.integers(0, 23),
    st.integers(1, 12),
    st.sampled_from([None, None, "next", "wait", "team:x", "rotation:y"]),
    st.sampled_from([False, False, False, True]),
)


@given(st.lists(levels, min_size=1, max_size=4), st.integers(0, 23), st.data())
def test_the_first_that_is_there_is_told_and_where_nobody_is_whose_hours_begin_first(
    ladder: list[dict[str, Any]], hour: int, data: st.DataObject
) -> None:
    assert ladder_fault(ladder) == ""
    first = data.draw(st.integers(0, len(ladder) - 1))
    now = MIDNIGHT + timedelta(hours=hour)
    step = ladder_step(ladder, first, now)

    def is_there(level: dict[str, Any]) -> bool:
        return "hours" not in level or Calendar.from_mapping(level["hours"]).is_open(now)

    stays = [level for level in ladder[first:] if is_there(level) or level.get("outside", "next") != "next"]
    if stays:
        level = ladder.index(stays[0], first)
        way = "told" if is_there(stays[0]) else "waits" if stays[0]["outside"] == "wait" else "asked"
        assert (step["level"], step["way"], step["passed"]) == (level, way, list(range(first, level)))
    else:
        opens = [Calendar.from_mapping(level["hours"]).next_open(now) for level in ladder[first:]]
        assert (step["way"], step["level"]) == ("waits", first + opens.index(min(opens)))
        assert parse_instant(step["opens"]) == min(opens) > now
    assert (step["opens"] == "") == (step["way"] != "waits")


def test_hours_that_cannot_be_read_are_round_the_clock() -> None:
    step = ladder_step([{"people": ["ada"], "hours": {"weekly": {}}}, {"people": ["ben"]}], 0, MIDNIGHT)
    assert (step["way"], step["level"], step["hours"]) == ("told", 0, "always")


@pytest.mark.parametrize("hours_", [{"zone": "UTC", "weekly": {}, "open": {"2020-01-01": ["09:00-10:00"]}}])
def test_hours_that_never_begin_again_are_waited_for_by_nobody(hours_: dict[str, Any]) -> None:
    step = ladder_step([{"people": ["ada"], "hours": hours_}], 0, MIDNIGHT)
    assert (step["way"], step["hours"]) == ("told", "always")
