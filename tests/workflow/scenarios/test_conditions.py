"""What `holds` may say: what expressions of the definition may, over data, subject and now."""

from __future__ import annotations

import pytest

from state_machines.definitions.lifecycle import Lifecycle, load
from workflow.recovery import vocabulary
from workflow.scenarios.conditions import condition, fault_of

TEXT = """\
edition: 2
lifecycle: parcel
version: 1
data: {due_at: instant, weight: integer, takes: duration}
let: {overdue_by: now - data.due_at}
guards: {is_late: now > data.due_at}
triggers: {send: {data: {due_at: required, weight: , takes: }}}
states: [sent, lost]
timeouts: {deadline: {in: sent, at: data.due_at, on_timeout: lose}}
transitions:
  - {trigger: send, source: initial, dest: sent, change: {copy: [due_at, weight, takes]}}
  - {trigger: lose, source: sent, dest: lost, if: [is_late, "overdue_by >= duration('0s')"]}
"""


@pytest.fixture(scope="module")
def parcel() -> Lifecycle:
    """A lifecycle with declared instants and named expressions."""
    vocabulary.register()
    return load(TEXT, "parcel.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "data.weight < 20",
        "data.due_at > now",
        "data.due_at + data.takes > now",
        "is_late || subject.state == 'sent'",
        "overdue_by < duration('1h')",
        "has(data.weight) && data.?weight.orValue(0) > 1",
        "subject.key == 'parcel:1'",
    ],
)
def test_what_may_be_said(text: str, parcel: Lifecycle) -> None:
    assert fault_of(text, parcel) is None
    assert condition(text, parcel) is condition(text, parcel), "compiled once"


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        ("data.weight <", "expression", "Syntax error"),
        ("data.weight + 1", "not-boolean", "not true or false"),
        ("was_late", "expression", "was_late"),
        ("data.wait > 1", "unknown-data", "is 'weight' meant?"),
        ("event.trigger == 'send'", "expression", "only data, subject and now"),
        ("item == 1", "expression", "item"),
    ],
)
def test_what_may_not(text: str, rule: str, words: str, parcel: Lifecycle) -> None:
    fault = fault_of(text, parcel)
    assert fault is not None and fault[0] == rule and words in fault[1]
