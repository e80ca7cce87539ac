"""Files become scenarios: which are taken, what comes before them, what a row gives."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import pytest

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from tests.examples.pages import blocks
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.filling import filled, fillings_of
from workflow.scenarios.reading import read_scenarios

STEPS = """
steps:
  - send: team.set
    to: team:desk
    as: operator
    data: {members: [ada@example.org]}
    then: {team:desk: staffed}
"""
GIVEN = "given: {begins: 2026-03-02 10:00, zone: Europe/Berlin}"
LOAN = (Path(__file__).with_name("right") / "loan.yaml").read_text(encoding="utf-8")
PLAIN = f"scenario: 1\n{GIVEN}{STEPS}"


def write(folder: Path, **texts: str) -> Path:
    """The folder with these files in it."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def refused(*paths: Path) -> list[Problem]:
    """What is said of these paths."""
    with pytest.raises(ScenarioError) as caught:
        read_scenarios(paths)
    return caught.value.problems


def test_a_folder_gives_its_scenarios_however_deep_and_passes_over_all_else(tmp_path: Path) -> None:
    write(
        tmp_path,
        b=PLAIN,
        a__deep__c=f"# why\n\n{PLAIN}",
        beginning=f"beginning: 1\n{GIVEN}",
        loan="edition: 2\nlifecycle: loan\n",
        words="language: de\nwords: {}\n",
        map="triggers: []\nscenario_of: x\n",
        broken="{:",
        _hidden=PLAIN,
    )
    write(tmp_path / ".git", d=PLAIN)
    (tmp_path / "z.yml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text(PLAIN, encoding="utf-8")
    found = read_scenarios([tmp_path])
    assert [str(one.file.relative_to(tmp_path)) for one in found] == [
        "_hidden.yaml", "a/deep/c.yaml", "b.yaml", "z.yml",
    ]  # fmt: skip


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    file = write(tmp_path, one=PLAIN) / "one.yaml"
    assert len(read_scenarios([file, tmp_path, str(file)])) == 1


def test_a_title_is_as_it_is_written_or_made_of_the_name_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, late_again=PLAIN, b=PLAIN.replace("given:", "title: A team\ntags: [night]\ngiven:"))
    assert [(one.title, one.tags) for one in read_scenarios([tmp_path])] == [
        ("A team", ("night",)),
        ("late again", ()),
    ]


def test_beginnings_come_first_and_the_own_says_more_and_wins(tmp_path: Path) -> None:
    write(
        tmp_path,
        first=(
            "beginning: 1\n"
            "given:\n"
            "  begins: 2026-03-02 10:00\n"
            "  zone: Europe/Berlin\n"
            "  people: {ada: ada@example.org, tom: tom@example.org}\n"
            "  values: {a: 1, b: 1}\n"
            "  known: [{send: team.set, to: team:desk, data: {members: [<ada>]}}]\n"
            "steps: [{say: one, then: {team:desk: staffed}}]\n"
            "always: [{because: it is there, subject: team:desk, state: staffed}]\n"
            "rest: any\n"
        ),
        sub__second=(
            "scenario: 1\n"
            "after: ../first.yaml\n"
            "given: {zone: Asia/Tokyo, values: {b: 2}}\n"
            "steps: [{say: two}]\n"
        ),
        own=(
            "scenario: 1\n"
            "after: sub/second.yaml\n"
            "given: {people: {tom: tom@other.org}, values: {c: 3}}\n"
            "steps: [{say: three}, {say: four, rest: any}]\n"
        ),
    )
    [found] = read_scenarios([tmp_path / "own.yaml"])
    assert [(one.step.say, one.place.file.name, one.place.field, one.rest) for one in found.steps] == [
        ("one", "first.yaml", "steps[0]", "any"),
        ("two", "second.yaml", "steps[0]", "none"),
        ("three", "own.yaml", "steps[0]", "none"),
        ("four", "own.yaml", "steps[1]", "any"),
    ]
    assert found.values == {"a": 1, "b": 2, "c": 3}
    assert found.people == {"ada": "ada@example.org", "tom": "tom@other.org"}
    assert (str(found.zone), format_instant(found.begins)) == ("Asia/Tokyo", "2026-03-02T01:00:00Z")
    assert [(event.send, str(place)) for event, place in found.known] == [
        ("team.set", f"{tmp_path / 'first.yaml'}:7")
    ]
    assert [said.because for said, _ in found.always] == ["it is there"]
    assert {one.name for one in found.files} == {"first.yaml", "second.yaml", "own.yaml"}
    assert found.steps[3].place.line == 4


@pytest.mark.parametrize("circle", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b")])
def test_a_circle_of_beginnings_is_refused_where_it_closes(tmp_path: Path, circle: tuple[str, ...]) -> None:
    for name, after in pairwise(circle):
        write(tmp_path, **{name: f"scenario: 1\nafter: {after}.yaml\n{GIVEN}{STEPS}"})
    [problem] = refused(tmp_path / "a.yaml")
    assert (problem.rule, problem.field, problem.line) == ("circle", "after", 2)
    assert problem.file == str(tmp_path / f"{circle[-2]}.yaml")


def test_a_row_may_name_the_file_of_a_definition(tmp_path: Path) -> None:
    given = f"{GIVEN[:-1]}, lifecycles: [<name>.yaml]}}"
    write(tmp_path, table=f"scenario: 1\n{given}\nrows: [{{name: loan}}, {{name: none}}]{STEPS}", loan=LOAN)
    with pytest.raises(ScenarioError) as found:
        read_scenarios([tmp_path])
    assert [(one.field, one.rule) for one in found.value.problems] == [("given.lifecycles[0]", "no-file")]
    assert "none.yaml" in str(found.value.problems[0])


def test_what_a_row_names_is_filled_in(tmp_path: Path) -> None:
    write(
        tmp_path,
        table=(
            "scenario: 1\n"
            "title: By owners\n"
            "given:\n"
            "  begins: 2026-03-02 10:00\n"
            "  people: {ada: ada@example.org}\n"
            "rows:\n"
            "  - {owners: [<ada>], due: <begin +P1D>}\n"
            f"{STEPS}"
        ),
    )
    (one,) = read_scenarios([tmp_path])
    assert one.values == {"owners": ["ada@example.org"], "due": "2026-03-03T10:00:00Z"}


def test_each_row_is_a_scenario_of_its_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        table=(
            "scenario: 1\n"
            "title: By zones\n"
            "given:\n"
            "  begins: <day> 10:00\n"
            "  zone: <zone>\n"
            "  people: {ada: {email: ada@example.org, zone: <zone>}}\n"
            "  values: {due: <begin +P1D>, who: <ada.zone>}\n"
            "rows:\n"
            "  - {zone: Europe/Berlin, day: 2026-03-02, choice: 0, word: make}\n"
            "  - {zone: America/New_York, day: 2026-03-03, choice: 1, word: make}\n"
            "steps:\n"
            "  - send: promise.<word>\n"
            "    to: promise:<zone>\n"
            "    data: {words: A call, owner: <ada.email>, due_at: <due>}\n"
            "    then: {promise:<zone>: made}\n"
            "  - {press: {to: ada, about: promise}, choice: <choice>}\n"
        ),
    )
    one, two = read_scenarios([tmp_path])
    assert (one.row, two.row) == (0, 1)
    assert one.name == f"{tmp_path / 'table.yaml'}[0]"
    assert two.title == "By zones (zone: America/New_York, day: 2026-03-03, choice: 1, word: make)"
    assert [format_instant(each.begins) for each in (one, two)] == [
        "2026-03-02T09:00:00Z",
        "2026-03-03T15:00:00Z",
    ]
    assert two.values["due"] == "2026-03-04T15:00:00Z"
    assert two.values["who"] == two.people["ada"]["zone"] == "America/New_York"
    assert (two.steps[0].step.send, two.steps[1].step.choice) == ("promise.make", 1)
    assert filled(two.steps[0].step, fillings_of(two)).to == "promise:America/New_York"


def test_its_own_definitions_stand_in_for_those_of_the_catalog(tmp_path: Path) -> None:
    write(
        tmp_path,
        lifecycles__promise=(
            "edition: 2\nlifecycle: promise\nversion: 9\nstates: [given]\n"
            "transitions:\n  - {trigger: give, source: initial, dest: given,\n"
            "     effects: {notice: {to: a@b.org, about: news, template: hello}}}\n"
        ),
        **{
            "lifecycles__promise.en": "language: en\nwords:\n  hello: {title: Hello, words: Hello}\n",
            "own": (
                "scenario: 1\n"
                "given: {begins: 2026-03-02 10:00, lifecycles: [lifecycles/promise.yaml]}\n"
                "steps: [{send: promise.give, to: promise:1, then: {promise:1: given}}]\n"
            ),
        },
    )
    file = tmp_path / "own.yaml"
    [found] = read_scenarios([file])
    [(text, name)] = found.sources
    assert name == str(tmp_path / "lifecycles" / "promise.yaml")
    assert "--- # promise.en.yaml" in text
    assert {one.name for one in found.files} == {"own.yaml", "promise.yaml", "promise.en.yaml"}

    file.write_text(file.read_text().replace("promise.give", "promise.make"))
    [problem] = refused(file)
    assert (problem.field, problem.rule) == ("steps[0].send", "unknown-trigger")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path / "empty", beginning=f"beginning: 1\n{GIVEN}")
    write(tmp_path, list="- scenario: 1\n")
    (tmp_path / "latin.yaml").write_bytes(f"scenario: 1\n{GIVEN}\n# B\u00fcro{STEPS}".encode("latin-1"))
    (tmp_path / "large.yaml").write_text(PLAIN + "# long\n" * 40_000, encoding="utf-8")
    problems = refused(
        tmp_path / "none.yaml",
        tmp_path / "empty",
        tmp_path / "empty" / "beginning.yaml",
        tmp_path / "list.yaml",
        tmp_path / "latin.yaml",
        tmp_path / "large.yaml",
    )
    assert [(Path(one.file or "").name, one.line, one.rule) for one in problems] == [
        ("empty", None, "no-scenario"),
        ("beginning.yaml", 1, "no-scenario"),
        ("large.yaml", None, "too-large"),
        ("latin.yaml", 3, "utf-8"),
        ("list.yaml", 1, "no-scenario"),
        ("none.yaml", None, "no-file"),
    ]


def test_a_beginning_without_and_a_scenario_with_rows(tmp_path: Path) -> None:
    write(tmp_path, rows=f"{PLAIN}rows: [{{a: 1}}]\n", after=f"scenario: 1\nafter: rows.yaml{STEPS}")
    [problem] = refused(tmp_path / "after.yaml")
    assert (problem.field, problem.rule, problem.line) == ("after", "rows-before", 2)


def test_each_row_may_come_after_another_beginning(tmp_path: Path) -> None:
    """What holds whatever came before is said once."""
    write(
        tmp_path,
        before__day=f"beginning: 1\n{GIVEN}\nsteps: [{{say: by day}}]\n",
        before__night=f"beginning: 1\n{GIVEN}\nsteps: [{{say: by night}}]\n",
        own=(
            "scenario: 1\nafter: before/<when>.yaml\nrows: [{when: day}, {when: night}]\n"
            "steps: [{say: They call by <when>, then: {all: {promise: {made: 0}}}}]\n"
        ),
    )
    found = read_scenarios([tmp_path / "own.yaml"])
    assert [one.steps[0].step.say for one in found] == ["by day", "by night"]
    assert [{each.name for each in one.files} for one in found] == [
        {"day.yaml", "own.yaml"},
        {"night.yaml", "own.yaml"},
    ]


def test_a_beginning_that_no_row_names_is_refused(tmp_path: Path) -> None:
    own = "scenario: 1\nafter: <when>.yaml\nrows: [{when: dawn}, {hour: 9}]\nsteps: [{say: They call}]\n"
    problems = refused(write(tmp_path, own=own) / "own.yaml")
    assert [(one.field, one.rule, one.line) for one in problems] == [
        ("after", "no-file", 2),
        ("after", "unknown-value", 2),
    ]


def test_a_scenario_can_be_handed_to_another_process(tmp_path: Path) -> None:
    [found] = read_scenarios([write(tmp_path, one=PLAIN)])
    copy = pickle.loads(pickle.dumps(found))
    assert [one.step for one in copy.steps] == [one.step for one in found.steps]
    assert (copy.name, copy.begins, copy.zone) == (found.name, found.begins, found.zone)
    assert copy.steps[0].place.line == found.steps[0].place.line == 4


def test_what_the_page_shows_is_right(tmp_path: Path) -> None:
    follow_up = next(one for one in blocks("first-lifecycle.md", "yaml") if "lifecycle: follow_up" in one)
    shown = [one for one in blocks("testing.md", "yaml") if "\nscenario: 1\n" in f"\n{one}"]
    assert shown
    files = {f"scenarios__s{n}": one for n, one in enumerate(shown)}
    write(tmp_path, lifecycles__follow_up=follow_up, **files)
    assert len(read_scenarios([tmp_path])) >= len(shown)
