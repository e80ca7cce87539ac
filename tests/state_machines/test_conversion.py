"""What is converted to the second edition loads there, keeps its comments and decides as before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from state_machines.decide import decide
from state_machines.decision import Event
from state_machines.definitions.lifecycle import load
from state_machines.errors import DefinitionError
from state_machines.form.conversion import changes_of, convert, sent_of
from state_machines.subject import Subject

FIRST = Path(__file__).with_name("first_edition")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
JOB = """\
# what the shop asks for
lifecycle: errand
version: 4
data: {words: {type: string}, tries: {type: integer}, told: {type: array}, by: {}, at: {}}
triggers: {ask: {data: {words: {type: string}, by: {}}}}
states: [asked]
transitions:
  - trigger: ask
    source: initial
    dest: asked
    conditions: event.data.words != ''  # something is asked for
    set: >-
      {'words': event.data.words, ?'by': event.data.?by, 'tries': 1, 'told': [], 'at': now}
  - {trigger: ask, source: asked, set: "{'tries': data.tries + 1, 'told': data.told + [event.data.words]}"}
"""


@pytest.mark.parametrize(
    ("expression", "changes"),
    [
        ("{'a': 1, 'b': event.data.b}", [{"set": {"a": 1, "b": "=event.data.b"}}]),
        ("{?'a': event.data.?a, ?'b': event.data.?b}", [{"copy": ["a", "b"]}]),
        ("{'a': data.a + 1, 'n': null}", [{"set": {"n": None}}, {"increment": {"a": 1}}]),
        (
            "{'told': data.told + [{'at': now, 'by': [1, 2]}]}",
            [{"append": {"told": "={'at': now, 'by': [1, 2]}"}}],
        ),
        ("{'a': 'it, is {so}'}", [{"set": {"a": "='it, is {so}'"}}]),
        ("{'a': data.b, 'b': data.b + 1}", None),
        ("{?'a': event.data.?b}", [{"copy": {"a": "b"}}]),
        ("{?'a': data.?b.?c}", [{"set": {"a": "=data.?b.?c"}}]),
        ("{?'a': optional.of(1)}", None),
        ("merge(data, {'a': 1})", None),
        ("{'a': 1}.b", None),
        ("cel.bind(x, 1, {'a': x})", None),
    ],
)
def test_an_expression_for_all_fields_becomes_changes(expression: str, changes: object) -> None:
    assert changes_of(expression) == changes


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("{?'a': data.?a, ?'b': data.?b}", {"share": ["a", "b"]}),
        ("{?'a': data.?b, ?'c': event.data.?c}", {"share": {"a": "b"}, "copy": ["c"]}),
        ("{'a': now, ?'b': item.?b, 'n': 1}", {"data": {"a": "=now", "b": "=item.?b", "n": 1}}),
        ("{?'a': optional.of(1)}", None),
        ("event.data", None),
    ],
)  # fmt: skip
def test_an_expression_for_all_that_is_sent_becomes_fields(expression: str, parts: object) -> None:
    assert sent_of(expression) == parts


def test_what_is_sent_is_converted_in_flow_and_in_block_style() -> None:
    data = "\"{'words': data.words, ?'by': data.?by, ?'a': event.data.?a}\""
    flow = f"effects: [{{emit: {{to: self, trigger: ask, data: {data}}}}}]"
    block = f"effects:\n      - emit:\n          to: self\n          trigger: ask\n          data: {data}\n"
    words = {"words": "go", "by": "ann", "a": 3}
    for effects in (flow, block):
        text = JOB.replace("conditions: event.data.words != ''  # something is asked for", effects, 1)
        converted = convert(text).text
        assert "share: [by]" in converted and "copy: [a]" in converted
        event = Event("ask", "e", "/shop", NOW, words)
        (emitted,) = decide(load(converted), Subject("errand:1", "errand", 4), event, NOW).effects
        assert emitted.data == words  # type: ignore[union-attr]


def test_what_is_converted_keeps_its_comments_and_decides_as_before() -> None:
    converted = convert(JOB)
    assert converted.remarks == ()
    assert converted.text.startswith("# what the shop asks for\nedition: 2\nlifecycle: errand\n")
    assert "if: event.data.words != ''  # something is asked for" in converted.text
    before, after = load(JOB), load(converted.text)
    opened = Subject("errand:1", "errand", 4)
    asked = Subject(
        "errand:1", "errand", 4, "asked", 1, {"tries": 1, "told": []}, opened_at=NOW, changed_at=NOW
    )
    for subject in (opened, asked):
        for data in ({"words": "go", "by": "ann"}, {"words": "go"}, {"words": ""}):
            event = Event("ask", "e", "/shop", NOW, data)
            mine, theirs = (decide(one, subject, event, NOW) for one in (after, before))
            assert (mine.dest, dict(mine.data)) == (theirs.dest, dict(theirs.data))


@pytest.mark.parametrize("file", sorted(FIRST.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_could_not_be_converted_is_all_that_keeps_it_from_loading(file: Path) -> None:
    converted = convert(file.read_text(encoding="utf-8"))
    try:
        load(converted.text)
    except DefinitionError as error:
        assert {one.rule for one in error.problems} == {"whole-set"}
        assert sum("`set` is one expression" in one.message for one in converted.remarks) > 0


def test_the_second_edition_stays_as_it_is() -> None:
    converted = convert(convert(JOB).text)
    assert (converted.text, converted.rewritten) == (convert(JOB).text, ())
