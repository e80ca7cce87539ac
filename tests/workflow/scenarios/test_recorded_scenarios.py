"""Scenarios of the house, played and recorded out of the store in which they were: the same again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.scenarios.recordings import lines_of, played, played_store, recorded
from workflow.scenarios.reading import read_scenarios

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.sampled(one_in=4)
@pytest.mark.parametrize(
    ("file", "lifecycle", "lines"),
    [
        ("promise/thanks_at_any_time.yaml", "promise", []),
        ("promise/the_customer_has_a_new_address.yaml", "promise", []),
        ("case/they_come_again.yaml", "case", []),
        ("escalation/teams_and_rotations.yaml", "escalation", []),
        ("rotation/hands_over_every_week.yaml", "rotation", []),
        ("job/fails_and_is_run_once_more.yaml", "job", ["tasks:"]),
        ("stories/a_delay_is_heard_before_the_window_opens.yaml", "case", ["press:"]),
        ("stories/a_missed_window_brings_a_person.yaml", "case", ["desk: claim", "desk: outcome"]),
        ("stories/nobody_asks_twice_and_every_desk_can_act.yaml", "case", ["desk: case.word"]),
        ("stories/an_approval_that_nobody_gives_climbs.yaml", "case", ["desk: decision"]),
        ("stories/no_word_in_the_quiet_hours.yaml", "promise", ["waiting: []"]),
        ("stories/the_customer_calls_first.yaml", "promise", ["refused:"]),
    ],
)
def test_a_scenario_is_the_same_when_it_is_recorded(
    file: str, lifecycle: str, lines: list[str], tmp_path: Path
) -> None:
    with played_store(SCENARIOS / file, tmp_path) as installation:
        key = installation.subjects(lifecycle)[0].key
        text = recorded(installation.store, tmp_path / "recorded.yaml", key).file.read_text()
    assert [line for line in lines if line not in text] == []


def test_people_are_invented_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    file = SCENARIOS / "stories" / "a_delay_is_heard_before_the_window_opens.yaml"
    (scenario,) = read_scenarios([file])
    addresses = {
        said
        for one in scenario.people.values()
        for said in ([one] if isinstance(one, str) else [one.get("email"), one.get("phone")])
        if isinstance(said, str)
    }
    with played_store(file, tmp_path) as installation:
        key = installation.subjects("case")[0].key
        invented = recorded(installation.store, tmp_path / "invented.yaml", key).file.read_text()
        kept = recorded(installation.store, tmp_path / "kept.yaml", key, keep_personal=True).file.read_text()
    assert len(addresses) > 2
    assert [one for one in addresses if one in invented] == []
    assert len([one for one in addresses if one in kept]) > 2
    assert "<person_1.phone>" in invented and "'+447700900001'" in invented


def test_a_part_of_a_family_brings_the_rest_along(tmp_path: Path) -> None:
    """Who records an appointment gets its case and the customer: else there would be none."""
    file = SCENARIOS / "stories" / "a_delay_is_heard_before_the_window_opens.yaml"
    with played_store(file, tmp_path) as installation:
        steps = []
        for lifecycle in ("appointment", "case"):
            out = tmp_path / f"{lifecycle}.yaml"
            recorded(installation.store, out, installation.subjects(lifecycle)[0].key)
            steps.append(out.read_text().partition("steps:")[2])
    assert steps[0] == steps[1]


def test_what_others_said_before_is_known(tmp_path: Path) -> None:
    """A team was set days before somebody of it had to be asked."""
    story = tmp_path / "story.yaml"
    story.write_text("""\
scenario: 1
title: It burns
rest: any
given: {begins: 2026-03-02 10:00}
steps:
  - send: team.set
    to: team:field
    as: operator
    data: {members: [ada@field.example, bob@field.example], by: lead@field.example}
  - at: +P3D
    send: escalation.open
    to: escalation:E-1
    data: {about: fire, words: It burns, ladder: [{team: field, within: PT10M}]}
  - at: +PT3M
    report: {to: bob@field.example, about: escalation}
    status: failed
    code: "550"
    then: {escalation:E-1: notified}
""")
    with played_store(story, tmp_path) as installation:
        file = recorded(installation.store, tmp_path / "recorded.yaml", "escalation:E-1").file
    lines = lines_of(file)
    assert "begins: 2026-03-05 10:00" in lines
    known = lines.index("known:")
    assert lines[known + 1 : known + 4] == ["- send: team.set", "to: team:field", "as: operator"]
    reported = lines.index("report: {to: person_2, about: escalation}")
    assert lines[reported + 1 : reported + 3] == ["status: failed", "code: '550'"]
    assert played(file).well
