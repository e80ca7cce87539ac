"""Recordings of one's own lifecycle: what they say, and what they find when the definition is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.workflow.scenarios import loans
from tests.workflow.scenarios.loans import LOAN
from tests.workflow.scenarios.recordings import lines_of, played, recorded
from tests.workflow.world import LAMP, World, new_world
from workflow.errors import InvalidQuery, NotFound
from workflow.outbox.receipts import TaskOutcome, record
from workflow.scenarios.recorded import cast, recording
from workflow.scenarios.recorded.keeping import keep_ledger
from workflow.store.schema import outbox


@pytest.fixture
def lending(database_url: str) -> Iterator[World]:
    """A store that knows the loan and the lamp."""
    world = new_world(database_url, LOAN, LAMP)
    yield world
    world.store.close()


def test_what_happened_is_what_must_be_so(lending: World, tmp_path: Path) -> None:
    loans.lent_and_given_back(lending)
    kept = recorded(lending.store, tmp_path / "loan-1.yaml", "loan:1")
    assert (
        kept.file.read_text()
        == """\
scenario: 1
title: loan:1, as it went in March 2026
tags: [recorded]
given:
  begins: 2026-03-02 10:00
  lifecycles: [loan.yaml]
steps:
  # Monday 2 March 2026, 10:00
  - send: loan.lend
    to: loan:1
    data: {customer: ada}
    then:
      loan:1: {state: lent, data: {customer: ada}, timers: {deadline: 2026-03-09 10:00}}
  - send: loan.extend
    to: loan:1
    then: {loan:1: {state: lent, data: {extended: 1}}}
  # Sunday 8 March 2026, 10:00, 6 days later
  - at: 2026-03-08 10:00
    send: loan.give_back
    to: loan:1
    then: {loan:1: {state: back, timers: {deadline: none}}}
"""
    )
    assert (tmp_path / "loan.yaml").read_text() == LOAN


def test_a_change_of_the_definition_is_found(lending: World, tmp_path: Path) -> None:
    loans.extended_too_often(lending)
    file = recorded(lending.store, tmp_path / "loan-3.yaml", "loan:3").file
    definition = tmp_path / "loan.yaml"
    definition.write_text(LOAN.replace("data.extended < 2", "data.extended < 1"))
    outcome = played(file)
    assert [(one.what, one.expected, one.found) for one in outcome.differences[:1]] == [
        ("loan:3: state", "lent", "overdue")
    ]
    definition.write_text(LOAN.replace("after: P7D", "after: P6D"))
    (difference, *_) = played(file).differences
    assert (difference.what, difference.found) == ("loan:3: timer deadline", "2026-03-08T10:00:00Z")


def test_what_time_alone_brings_has_a_step_of_its_own(lending: World, tmp_path: Path) -> None:
    loans.forgotten(lending)
    lines = lines_of(recorded(lending.store, tmp_path / "loan-2.yaml", "loan:2").file)
    there = lines.index("- say: deadline of loan:2 is due")
    assert lines[there + 1 : there + 3] == [
        "at: 2026-03-09 10:00",
        "then: {loan:2: {state: overdue, timers: {deadline: none}}}",
    ]


def test_instants_are_told_as_roughly_as_the_story_allows(lending: World, tmp_path: Path) -> None:
    """Seconds of a running installation tell nobody anything, unless they decide what comes first."""
    lending.advance(timedelta(seconds=17, microseconds=4711))
    loans.lent_and_given_back(lending)
    assert "begins: 2026-03-02 10:00" in lines_of(
        recorded(lending.store, tmp_path / "minutes.yaml", "loan:1").file
    )
    lending.post("loan.lend", "loan:2", {"customer": "ada"})
    lending.advance(timedelta(days=7) - timedelta(seconds=5))
    lending.post("loan.extend", "loan:2")
    lines = lines_of(recorded(lending.store, tmp_path / "seconds.yaml", "loan:2").file)
    assert "begins: '2026-03-08 10:00:17'" in lines
    assert "- at: '2026-03-15 10:00:12'" in lines


def test_tasks_of_other_programs_end_as_they_did(lending: World, tmp_path: Path) -> None:
    lending.post("lamp.press", "lamp:1", {"level": 1})
    lending.advance(timedelta(hours=1))
    lending.post("lamp.press", "lamp:2", {"level": 2})
    lending.advance(timedelta(hours=1))
    with lending.store.connect() as connection:
        first, second = connection.scalars(select(outbox.c.key).order_by(outbox.c.id)).all()
    record(lending.engine, first, TaskOutcome.SUCCEEDED, {"result": {"bulbs": 3}})
    lines = lines_of(recorded(lending.store, tmp_path / "lamp-1.yaml", "lamp:1").file)
    assert "tasks: [{task: shop.order_bulb, of: lamp:1, with: {lamp: lamp:1}}]" in lines
    at = lines.index("task: shop.order_bulb")
    assert lines[at + 1 : at + 3] == ["of: lamp:1", "succeeds: {bulbs: 3}"]
    # One that nobody has answered is left open.
    assert second.startswith("lamp:2/")
    assert "rest: any" in lines_of(recorded(lending.store, tmp_path / "lamp-2.yaml", "lamp:2").file)


def test_where_today_is_not_as_it_was_the_file_says_so(lending: World, tmp_path: Path) -> None:
    loans.extended_too_often(lending)
    changed = LOAN.replace("data.extended < 2", "data.extended < 1").replace("version: 1", "version: 2")
    lending.engine.registry.register([(changed, None)], lending.clock.now())
    kept = keep_ledger(lending.store, ["loan:3"], tmp_path / "loan-3.yaml", keep_personal=False)
    said = "loan:3, decision 3: then extend stayed in lent; here extend moved in lent, now overdue"
    assert said in kept.notes
    assert f"# {said}" in lines_of(kept.file)
    assert kept.doubts == []
    assert (tmp_path / "loan.yaml").read_text() == changed


def test_what_cannot_be_recorded_is_said_by_field_and_rule(
    lending: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "loan.yaml"
    with pytest.raises(NotFound, match="loan:nobody"):
        keep_ledger(lending.store, ["loan:nobody"], out, keep_personal=False)
    loans.extended_too_often(lending)
    for place, bound, rule in (
        (recording, "MOST_STEPS", "too-many-steps"),
        (cast, "MOST", "too-many-subjects"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, bound, 0)
            with pytest.raises(InvalidQuery) as caught:
                keep_ledger(lending.store, ["loan:3"], out, keep_personal=False)
        assert caught.value.problems[0].rule == rule
    assert not out.exists()
    out.write_text("mine")  # the name of the definition, and of the file itself
    with pytest.raises(InvalidQuery) as caught:
        keep_ledger(lending.store, ["loan:3"], out, keep_personal=False)
    assert (caught.value.problems[0].field, caught.value.problems[0].rule) == ("--out", "in-the-way")
    assert out.read_text() == "mine"


def test_a_definition_in_the_way_is_not_written_over(lending: World, tmp_path: Path) -> None:
    loans.forgotten(lending)
    (tmp_path / "loan.yaml").write_text("mine")
    file = recorded(lending.store, tmp_path / "loan-2.scenario.yaml", "loan:2").file
    assert (tmp_path / "loan.yaml").read_text() == "mine"
    assert (tmp_path / "loan-1.yaml").read_text() == LOAN
    assert "lifecycles: [loan-1.yaml]" in lines_of(file)
    # A second recording shares it.
    recorded(lending.store, tmp_path / "again.scenario.yaml", "loan:2")
    assert len(list(tmp_path.glob("loan-*.yaml"))) == 2
