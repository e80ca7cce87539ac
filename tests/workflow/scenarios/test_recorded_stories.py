"""The house's stories, recorded out of their ledgers: played again they are the same, on either store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories import test_story_1_exception_nobody_knew as exceptions
from tests.stories import test_story_2_appointment_that_went as appointments
from tests.stories import test_story_3_late_callback as callbacks
from tests.stories import test_story_5_ranting_customer as customers
from tests.stories.conftest import MONDAY
from tests.stories.front_door import Story
from tests.workflow.scenarios.recordings import lines_of, played, recorded

Tell = Callable[[Story], None]


def told(tell: Tell, database_url: str, directory: Path) -> Story:
    """A story that was played to its end."""
    story = Story(database_url, directory, MONDAY)
    tell(story)
    return story


@pytest.mark.parametrize(
    ("tell", "key", "lines"),
    [
        (
            appointments.test_a_delay_is_heard_before_the_window_opens,
            appointments.CASE,
            ["- press: {to: person_1, about: new_time, channel: sms}", "choice: 1"],
        ),
        (
            appointments.test_a_missed_window_brings_a_person_within_minutes,
            appointments.CASE,
            ["desk: claim", "- desk: outcome", "data: {outcome: reached, result: apologised in person}"],
        ),
        (
            appointments.test_nobody_asks_twice_and_every_desk_can_act,
            appointments.CASE,
            ["- desk: case.word", "data: {words: 'I have it all here, Person 1.'}"],
        ),
        (
            exceptions.test_beyond_ones_authority_an_approval_escalates,
            exceptions.CASE,
            ["desk: decision", "- desk: case.grant"],
        ),
        (callbacks.test_no_word_in_the_quiet_hours, "promise:call-4711", ["waiting: []"]),
        (callbacks.test_the_customer_calls_first_and_nobody_calls_again, "promise:call-4711", ["refused:"]),
        (customers.test_a_day_without_a_word_climbs_the_ladder, customers.CASE, ["line: []"]),
    ],
)
def test_a_story_is_the_same_when_it_is_played_again(
    tell: Tell, key: str, lines: list[str], database_url: str, tmp_path: Path
) -> None:
    story = told(tell, database_url, tmp_path)
    kept = recorded(story.runtime.store, tmp_path / "recorded.yaml", key)
    assert played(kept.file).well
    there = lines_of(kept.file)
    for line in lines:
        assert line in there, kept.file.read_text()
    story.close()


def test_people_are_invented_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'story.db'}"
    story = told(appointments.test_a_delay_is_heard_before_the_window_opens, database_url, tmp_path)
    invented = recorded(story.runtime.store, tmp_path / "invented.yaml", appointments.CASE).file.read_text()
    kept = recorded(
        story.runtime.store, tmp_path / "kept.yaml", appointments.CASE, keep_personal=True
    ).file.read_text()
    theirs = (appointments.PHONE, appointments.MAIL, appointments.OWNER, appointments.AGENT, "Tom", "A-100-9")
    assert [one for one in theirs if one in invented] == []
    assert [one for one in theirs if one not in kept] == []
    assert "person_1.phone" in invented and "'+447700900001'" in invented
    story.close()


def test_a_part_of_a_family_brings_the_rest_along(tmp_path: Path) -> None:
    """Who records an appointment gets its case and the customer: else there would be none."""
    story = told(
        appointments.test_a_delay_is_heard_before_the_window_opens,
        f"sqlite:///{tmp_path / 'story.db'}",
        tmp_path,
    )
    appointment = story.only("appointment")
    of_it = recorded(story.runtime.store, tmp_path / "appointment.yaml", appointment)
    of_case = recorded(story.runtime.store, tmp_path / "case.yaml", appointments.CASE)
    steps = [one.file.read_text().partition("steps:")[2] for one in (of_it, of_case)]
    assert steps[0] == steps[1]
    story.close()
