"""What nobody takes, with the reason; an exception that is taken after all, or names nothing, is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workflow.scenarios.conftest import Play
from tests.workflow.scenarios.loans import (
    LOAN,
    extended_too_often,
    forgotten,
    lent_and_given_back,
    of_the_bank,
)
from workflow.scenarios.coverage import Coverage, uncovered
from workflow.scenarios.coverage_exceptions import (
    NAME,
    CoverageError,
    Exceptions,
    exceptions_in,
    read_exceptions,
)
from workflow.scenarios.coverage_text import coverage_text
from workflow.scenarios.elements import written

Read = Callable[[str], Exceptions]
LIFECYCLES = written([(LOAN, "loan.yaml")])
ALL = """\
loan:
  state repaired: nothing of ours breaks
  give_back from lent, overdue if event.data.?broken.orValue(false): nothing of ours breaks
  lose from lent: what is lent is known to be there
  praise from any: nobody praises
  timeout reminder: nobody extends and is late
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as a file of exceptions."""

    def exceptions(text: str) -> Exceptions:
        path = tmp_path / "coverage-exceptions.yaml"
        path.write_text(text, encoding="utf-8")
        return read_exceptions(path)

    return exceptions


def test_with_a_reason_for_all_that_is_missing_it_is_complete(play: Play, read: Read) -> None:
    taken = play(lent_and_given_back, forgotten, extended_too_often, of_the_bank)
    coverage = uncovered(taken, LIFECYCLES, read(ALL))
    assert coverage.not_taken() == [] and coverage.complete
    text = coverage_text(coverage).plain
    assert "    praise from lent, overdue, back, repaired, lost  since: nobody praises  loan.yaml:" in text
    assert text.endswith("Everything is taken but what has a reason\n")
    less = ALL.replace("  timeout reminder: nobody extends and is late\n", "")
    assert uncovered(taken, LIFECYCLES, read(less)).not_taken() == [("loan", "timeout reminder")]


@pytest.mark.parametrize(
    ("said", "line", "rule", "message"),
    [
        ("loan: {extend from lent if may_extend: why}", 1, "taken", "'extend from lent if may_extend'"),
        ("loan:\n  state back: why", 2, "taken", "a scenario takes 'state back'"),
        ("loan: {timeout deadline: why}", 1, "taken", "a scenario takes 'timeout deadline'"),
        ("loan: {extend if may_extend: why}", 1, "taken", "a scenario takes 'extend if may_extend'"),
        ("loan: {'lose from lent, overdue': why}", 1, "taken", "lose from overdue if not data"),
        ("loan: {lend from any: why}", 1, "taken", "a scenario takes 'lend from initial'"),
        ("loan: {state sold: why}", 1, "names-nothing", "there is nothing called 'state sold'"),
        ("loan: {sell from lent: why}", 1, "names-nothing", "there is nothing called 'sell from lent'"),
        ("loan: {extend from overdue: why}", 1, "names-nothing", "nothing called 'extend from overdue'"),
        ("loan: {'give_back from lent, sold': why}", 1, "names-nothing", "'give_back from lent, sold'"),
        ("loan: {extend from lent if never: why}", 1, "names-nothing", "called 'extend from lent if never'"),
        ("lawn:\n  state mown: why", 2, "unknown-lifecycle", "no lifecycle 'lawn' here; there are loan"),
    ],
)  # fmt: skip
def test_one_that_is_taken_or_names_nothing_is_an_error(
    play: Play, read: Read, said: str, line: int, rule: str, message: str
) -> None:
    taken = play(lent_and_given_back, forgotten, extended_too_often)
    with pytest.raises(CoverageError) as caught:
        uncovered(taken, LIFECYCLES, read(said))
    (problem,) = caught.value.problems
    assert (problem.line, problem.rule) == (line, rule)
    assert message in problem.message
    assert problem.file is not None and problem.file.endswith("coverage-exceptions.yaml")
    assert problem.field.startswith(("loan.", "lawn."))


def test_without_conditions_it_must_be_clear_which_is_meant(play: Play, read: Read) -> None:
    second = "{trigger: extend, source: lent, dest: overdue"
    text = LOAN.replace(second, f"{second}, if: data.extended == 2")
    assert text != LOAN
    with pytest.raises(CoverageError, match=r"any of 'extend from lent if may_extend', .*\[ambiguous\]"):
        uncovered(play(), written([(text, None)]), read("loan: {extend from lent: why}"))


def test_one_of_what_no_scenario_opened_is_none_that_is_taken(play: Play, read: Read) -> None:
    assert uncovered(play(), LIFECYCLES, read(ALL)) == Coverage((), ("loan",))


@pytest.mark.parametrize(
    ("text", "field", "rule", "line"),
    [
        ("[loan]", "document", "type", 1),
        ("loan: praise from any", "loan", "type", 1),
        ("loan:\n  praise from any:", "loan.praise from any", "reason", 2),
        ("loan:\n  praise from any: ' '", "loan.praise from any", "reason", 2),
        ("loan:\n  praise from any: 3", "loan.praise from any", "reason", 2),
        ("loan:\n  state a: why\n  state a: why", "loan.state a", "doubled-key", 3),
        ("loan: {", "document", "yaml", 1),
    ],
)
def test_what_is_not_of_the_form_is_told_by_line(
    read: Read, text: str, field: str, rule: str, line: int
) -> None:
    with pytest.raises(CoverageError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert (problem.field, problem.rule, problem.line) == (field, rule, line)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match=r"nowhere.yaml: document: cannot be read: No such.*\[no-file\]"):
        read_exceptions(tmp_path / "nowhere.yaml")


def test_they_are_found_in_directories_and_beside_files_each_once(tmp_path: Path, play: Play) -> None:
    deep = tmp_path / "scenarios" / "loans"
    deep.mkdir(parents=True)
    (deep / NAME).write_text("loan: {state repaired: nothing of ours breaks}", encoding="utf-8")
    (tmp_path / "scenarios" / NAME).write_text("loan: {state lost: nothing is lost}", encoding="utf-8")
    (deep / "lent.yaml").write_text("scenario: 1", encoding="utf-8")
    taken = play(lent_and_given_back)

    def not_entered(*paths: Path) -> list[str]:
        coverage = uncovered(taken, LIFECYCLES, exceptions_in(paths))
        return [words for _, words in coverage.not_taken("state")]

    assert not_entered(tmp_path / "scenarios", deep / "lent.yaml", deep) == ["state overdue"]
    assert not_entered(deep / "lent.yaml") == ["state overdue", "state lost"]
    assert exceptions_in([tmp_path / "nowhere" / "lent.yaml"]) == Exceptions()
    assert len(exceptions_in([deep, deep / "lent.yaml"]).entries) == 1
