"""Reading a definition: YAML without traps, lines for everything, nothing that runs or swells."""

import time

import pytest
import yaml

from state_machines.catalog import NAMES
from state_machines.catalog import source as catalog_source
from state_machines.errors import DefinitionError, Problem
from state_machines.form.source import parse
from state_machines.form.yaml_document import LARGEST, read_yaml

SOUND = """\
lifecycle: lamp
version: 1
states:
  - name: off
  - {name: on,
     description: "shines"}
transitions:
  - {trigger: press, source: initial, dest: off}
  - trigger: press
    source: off
    dest: on
  - {trigger: press, source: on, dest: off}
  - {trigger: flicker, source: on, dest: =}
"""


def refused(text: str) -> list[Problem]:
    """The problems of a text that is no definition."""
    with pytest.raises(DefinitionError) as raised:
        parse(text, "lamp.yaml")
    return raised.value.problems


def test_every_field_has_its_line() -> None:
    definition, lines = parse(SOUND)
    assert [state.name for state in definition.states] == ["off", "on"]
    assert [
        lines.of(field) for field in ("lifecycle", "states", "states[0].name", "states[1].description")
    ] == [1, 3, 4, 6]
    assert lines.of("transitions[1].dest") == 11
    assert lines.of("transitions[1].dest.nothing[4].such") == 11, "the nearest that is there"
    assert lines.of("nothing") == 1


def test_words_that_yaml_1_1_takes_for_something_else_are_words() -> None:
    value, _ = read_yaml(
        "{on: yes, off: no, y: n, time: 9:30, day: 2026-07-01, octal: 010, one: 1_000, same: =, hex: 0x10}"
    )
    assert [value[name] for name in ("on", "off", "y", "same")] == ["yes", "no", "n", "="]
    assert [value[name] for name in ("time", "day", "one", "hex")] == ["9:30", "2026-07-01", "1_000", "0x10"]
    assert value["octal"] == 10
    value, _ = read_yaml("[true, False, null, ~, 3, -4, 1.5, 1e3, '1', \"true\"]")
    assert value == [True, False, None, None, 3, -4, 1.5, 1000.0, "1", "true"]
    assert read_yaml("a:\n")[0] == {"a": None}
    assert parse(SOUND)[0].transitions[-1].dest == "="


def test_aliases_are_followed() -> None:
    value, lines = read_yaml("a: &x {b: [1]}\nc: *x\n")
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert lines.of("c") == 2 and lines.of("c.b") == 1


@pytest.mark.parametrize(
    ("text", "rule", "field", "line"),
    [
        ("", "yaml", "document", 1),
        ("# nothing\n", "yaml", "document", 1),
        ("- a\n", "type", "document", 1),
        ("a: b: c", "yaml", "document", 1),
        ("a: 1\nb: [\n", "yaml", "document", 3),
        ("a: 1\nb: \x07", "yaml", "document", 2),
        ("a: \ud800", "yaml", "document", 1),
        (SOUND + "version: 2\n", "doubled-key", "version", 14),
        (
            SOUND.replace("source: off\n", "source: off\n    source: on\n"),
            "doubled-key",
            "transitions[1].source",
            11,
        ),
        ("a: !!python/object/apply:os.system [ls]", "yaml-tag", "a", 1),
        ("a: !!binary aGFsbG8=", "yaml-tag", "a", 1),
        ("a: !secret x", "yaml-tag", "a", 1),
        ("a: &x\n  b: 1\nc:\n  <<: *x\n", "yaml-merge", "c", 4),
        ("a: 1\n2: b\n", "key-form", "document", 2),
        ("a: 1\n? [b]\n: c\n", "key-form", "document", 2),
        ("a: 1\ntrue: c\n", "key-form", "document", 2),
        ("a: 1\nb: 99999999999999999999\n", "yaml-number", "b", 2),
        ("a: 1\nb: 1e999\n", "yaml-number", "b", 2),
        ("a: &x [*x]", "yaml-alias", "a[0]", 1),
        ("a: *x", "yaml", "document", 1),
        ("a: " + "[" * 60 + "]" * 60, "too-deep", "document", 1),
        ("[" * 100_000, "too-deep", "document", 1),
        ("a: [" + "1," * 100_000 + "]", "too-large", "document", 1),
        ("a: '" + "x" * LARGEST + "'", "too-large", "document", None),
    ],
)  # fmt: skip
def test_what_is_no_plain_document_is_refused(text: str, rule: str, field: str, line: int | None) -> None:
    (problem,) = refused(text)
    assert (problem.rule, problem.field, problem.line, problem.file) == (rule, field, line, "lamp.yaml")


def test_a_billion_laughs_are_not_laughed() -> None:
    rows = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    began = time.process_time()
    (problem,) = refused("\n".join(rows))
    assert problem.rule == "yaml-alias"
    assert time.process_time() - began < 5


def test_all_that_is_not_of_the_form_is_said_at_once() -> None:
    text = (
        SOUND.replace("version: 1", "version: one")
        .replace("dest: on\n", "dest: on\n    condition: 'true'\n    set: 5\n")
        .replace("{trigger: press, source: initial, dest: off}", "{source: initial, dest: off}")
    )
    found = {(problem.field, problem.rule, problem.line) for problem in refused(text)}
    assert found == {
        ("version", "type", 2),
        ("transitions[0].trigger", "required", 8),
        ("transitions[1].condition", "unknown-field", 12),
        ("transitions[1].set", "type", 13),
    }


def test_a_misspelt_field_is_answered_with_the_one_that_was_meant() -> None:
    (problem,) = refused(SOUND.replace("dest: on\n", "dest: on\n    condition: 'true'\n"))
    assert "'conditions'" in problem.message


def test_a_field_that_belongs_elsewhere_is_not_asked_for_by_its_own_name() -> None:
    (problem,) = refused(SOUND.replace("dest: on\n", "dest: on\n    states: [on]\n"))
    assert problem.message == "'states' is no field here, but elsewhere"


def test_a_number_where_a_text_is_asked_for_belongs_in_quotes() -> None:
    (problem,) = refused(SOUND.replace("dest: on\n", "dest: on\n    description: 50\n"))
    assert problem.message == "input should be a text, not 50: put it in quotes"


def test_a_value_of_several_possible_forms_is_one_problem() -> None:
    (problem,) = refused(SOUND.replace("dest: on\n", "dest: on\n    set: [1]\n"))
    assert problem.message == "input should be a mapping of fields, or input should be a text"


@pytest.mark.parametrize("name", NAMES)
def test_the_catalog_is_yaml_for_the_parser_in_python_too(name: str) -> None:
    """Where PyYAML comes without its library in C, which takes a little more for YAML."""
    assert all(yaml.compose_all(catalog_source(name), Loader=yaml.SafeLoader))
