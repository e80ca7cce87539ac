"""A definition of the second edition does what it says."""

from __future__ import annotations

import pytest

from state_machines.check import check
from state_machines.decision import Outcome, SendNotice
from state_machines.definitions.lifecycle import load
from state_machines.errors import DefinitionError
from tests.state_machines.second_edition.loans import FILE, Life, loan_text, problems


@pytest.fixture
def loan() -> Life:
    """One that has been lent until Thursday."""
    life = Life(loan_text())
    life.take("lend", customer="ada@example.org", due_at="2026-03-05T09:00:00+01:00")
    return life


def test_it_is_without_a_problem() -> None:
    assert check(loan_text(), "loan.yaml") == []


def test_what_the_event_brings_is_copied_and_what_is_declared_is_there(loan: Life) -> None:
    assert loan.data == {
        "customer": "ada@example.org",
        "due_at": "2026-03-05T09:00:00+01:00",
        "extended": 0,
        "told": [],
        "participants": [],
    }
    assert str(loan.subject.timers["remind"].due_at) == "2026-03-04 08:00:00+00:00"


def test_changes_are_made_by_verb_and_a_person_stands_once_in_a_set(loan: Life) -> None:
    for day in (9, 10):
        assert loan.take("extend", due_at=f"2026-03-{day:02}T09:00:00Z", by="sam").outcome is Outcome.MOVED
    assert loan.data["extended"] == 2
    assert loan.data["participants"] == ["sam"]
    assert loan.data["due_at"] == "2026-03-10T09:00:00Z"


def test_a_guard_is_named_in_the_refusal(loan: Life) -> None:
    for day in (9, 10):
        loan.take("extend", due_at=f"2026-03-{day:02}T09:00:00Z", by="sam")
    refused = loan.take("extend", due_at="2026-03-11T09:00:00Z", by="ina")
    assert refused.reason == "guard: transitions[1].if[0] does not hold: may_extend (data.extended < 2)"


def test_a_macro_sends_the_template_that_it_is_given_in_the_readers_language() -> None:
    life = Life(loan_text())
    ada = {"email": "ada@example.org", "language": "de", "zone": "Europe/Berlin"}
    life.take("lend", customer=ada, due_at="2026-03-05T09:00:00Z")
    (notice,) = life.take("extend", due_at="2026-03-09T09:00:00Z", by="sam").effects
    assert isinstance(notice, SendNotice)
    assert (notice.title, notice.about) == ("Verlängert", "reminder")


def test_a_named_expression_guards_an_effect_of_a_macro(loan: Life) -> None:
    assert len(loan.take("remind").effects) == 1
    loan.take("extend", due_at="2026-03-02T07:00:00Z", by="sam")  # two hours ago
    assert loan.take("remind").effects == ()


def test_any_state_is_an_ended_one_too(loan: Life) -> None:
    loan.take("give_back")
    assert loan.take("thanks", words="It was good").outcome is Outcome.STAYED
    assert loan.data["told"] == [{"words": "It was good", "at": "2026-03-02T09:00:00Z"}]


def test_a_fault_in_a_file_of_words_is_said_with_that_file_and_its_line() -> None:
    german = FILE.with_name("loan.de.yaml").read_text(encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(
            loan_text().replace(german.strip(), german.strip().replace("| day }} fällig", "| when }} fällig"))
        )
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.rule) == ("loan.de.yaml", 4, "unknown-filter")


def test_what_belongs_to_the_second_edition_is_refused_in_the_first() -> None:
    found = dict(problems(loan_text().replace("edition: 2\n", "")))
    assert found["macros"] == "unknown-field"
    plain = (
        "lifecycle: a\nversion: 1\nlet: {x: now}\nstates: [b]\n"
        "transitions: [{trigger: t, source: initial, dest: b}]"
    )
    assert problems(plain) == [("let", "edition")]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("source: b", "source: any", "transitions[1].source"),
        ("go: {}", "go: {from: desk}", "triggers.go.from"),
        ("go: {}", "go: {data: {at: {type: instant}}}", "triggers.go.data.at.type"),
        ("{name: t}", "{name: t, repeat: ask}", "transitions[1].effects[0].task.repeat"),
        ("[{task: {name: t}}]", "[{do: [{task: {name: t}}]}]", "transitions[1].effects[0].do"),
    ],
)
def test_each_word_of_the_second_edition_is_named(old: str, new: str, field: str) -> None:
    plain = (
        "lifecycle: a\nversion: 1\ntriggers: {go: {}}\nstates: [b]\ntransitions:\n"
        "  - {trigger: go, source: initial, dest: b}\n"
        "  - {trigger: go, source: b, effects: [{task: {name: t}}]}\n"
    )
    assert problems(plain) == []
    assert problems(plain.replace(old, new)) == [(field, "edition")]
