"""Parts of recordings: YAML that gives back what was written, invented people, acts out of own events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.form.fields import FieldDeclaration
from state_machines.form.yaml_document import read_yaml
from state_machines.values.instants import zone
from workflow.scenarios.filling import Fillings, filled
from workflow.scenarios.recorded.desk_acts import desk_act
from workflow.scenarios.recorded.disguise import Disguise
from workflow.scenarios.recorded.draft import Precision
from workflow.scenarios.recorded.link_acts import link_act
from workflow.scenarios.recorded.scenario_values import WrittenTimes, WrittenValues
from workflow.scenarios.recorded.yaml_text import yaml_lines
from workflow.scenarios.times import Moment

BERLIN = zone("Europe/Berlin")
ODD = [
    *("on", "no", "~", "", "null", "1", "1e3", "+1", ".5", "0x1f", "1_000", "09:30", "2026-03-02", "="),
    *("- x", "a: b", "a #b", "<ada>", "<<", "x, y", "[", "{", "&a", "%", "?", " a ", "promise:P-17"),
    *(
        "a\nb",
        "a\n\n b",
        "\n",
        'Tom said: "no"',
        "it's",
        "2026-03-02T10:00:00Z",
        "word " * 40,
        "word " * 40 + "x",
    ),
]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(ODD)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    text = "\n".join([*yaml_lines(document), ""])
    assert read_yaml(text)[0] == document, text
    assert yaml.safe_load(text) == document, text


@settings(deadline=None)
@given(VALUES)
def test_what_is_filled_in_gives_the_values_back(value: Any) -> None:
    said = {"by": "ada@example.org", "customer": {"name": "Tom", "phone": "+4930111"}}
    values = WrittenValues(WrittenTimes(BERLIN), [said])
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    fillings = Fillings(Moment(now, now, BERLIN), {}, values.people)
    for one in (
        value,
        said,
        {"words": "<ada> & 1 < 2", "to": ["ada@example.org"], "at": "2026-03-02T09:00:00Z"},
    ):
        assert filled(values.written(one), fillings) == one


def test_what_an_event_says_of_somebody_stays_a_mapping() -> None:
    """Also where that is all that is said of them."""
    said = {"name": "Tom", "email": "tom@mail.example"}
    values = WrittenValues(WrittenTimes(BERLIN), [said])
    assert values.people == {"tom": said}
    assert values.fields(said) == {"name": "Tom", "email": "<tom.email>"}
    assert values.written({"customer": said}) == {"customer": "<tom>"}


def test_people_are_the_same_wherever_they_come_up() -> None:
    disguise = Disguise(keep=["customer:tom"])
    disguise.learn({"customer": {"name": "Tom Weber", "email": "tom@mail.example", "phone": "+49 30 123456"}})
    disguise.learn(
        {"by": "Ada", "note": "of no importance"}, {"by": FieldDeclaration.model_validate({"type": "person"})}
    )
    worn = disguise.worn(
        {
            "to": "tom@mail.example",
            "words": "Dear Tom, Ada calls you at +49 30 123456. Tomorrow! Tom Weber",
            "key": "customer:tom",
            "others": ["Ada", 3],
        }
    )
    assert worn == {
        "to": "person_1@example.org",
        "words": "Dear Person 1, Person 2 calls you at +447700900001. Tomorrow! Person 1",
        "key": "customer:tom",
        "others": ["Person 2", 3],
    }


BY = {"by": "a@b.example"}


@pytest.mark.parametrize(
    ("event", "kind", "key", "data", "act"),
    [
        ("claim/c1/0", "callback.claim", "callback:1", BY | {"dial": "+49301"},
         {"desk": "claim", "of": "callback:1", **BY}),
        ("no_answer/callback:1/d1", "callback.no_answer", "callback:1", BY | {"note": "rang out"},
         {"desk": "outcome", "of": "callback:1", **BY,
          "data": {"outcome": "no_answer", "note": "rang out"}}),
        ("reached/callback:1/d1", "callback.reached", "callback:1", BY | {"outcome": "settled"},
         {"desk": "outcome", "of": "callback:1", **BY,
          "data": {"outcome": "reached", "result": "settled"}}),
        ("resolve/escalation:1/d1", "escalation.resolve", "escalation:1", BY | {"outcome": "done"},
         {"desk": "outcome", "of": "escalation:1", **BY,
          "data": {"outcome": "resolved", "result": "done"}}),
        ("grant/approval:1/d1", "approval.grant", "approval:1", BY | {"standing": "asked"},
         {"desk": "decision", "of": "approval:1", **BY, "data": {"decision": "granted"}}),
        ("calm/case:1/d1", "case.calm", "case:1", BY,
         {"desk": "case.calm", "of": "case:1", **BY}),
        ("press/lamp:1/d1", "lamp.press", "lamp:1", {}, None),
    ],
)  # fmt: skip
def test_what_was_done_at_the_desk(
    event: str, kind: str, key: str, data: dict[str, Any], act: dict[str, Any] | None
) -> None:
    assert desk_act(event, kind, key, data, "moved") == act
    if act is not None:
        assert desk_act(event, kind, key, data, "refused") == {**act, "answer": 409}


def test_what_was_answered_by_a_link() -> None:
    choices = [{"title": "early", "data": {"window": 1}}, {"title": "late", "data": {"window": 2}}]
    links = {
        "pick": {"trigger": "move", "choices": choices},
        "rate": {"trigger": "rated", "ask": {"kept": {}, "why": {}}},
    }
    assert link_act({"links": links}, "pick", {"window": 2}) == {"link": "pick", "choice": 1}
    assert link_act({"links": links}, "rate", {"kept": True}) == {"link": "rate", "answers": {"kept": "yes"}}
    assert link_act({"links": {"pick": links["pick"]}}, "pick", {"window": 1}) == {"choice": 0}


@pytest.mark.parametrize(
    ("instant", "since", "text"),
    [
        ("2026-03-02T09:00:00Z", None, "2026-03-02 10:00"),
        ("2026-03-02T09:00:07Z", "2026-03-02T09:00:02Z", "+PT5S"),
        ("2026-03-02T09:00:07Z", "2026-02-20T09:00:02Z", "2026-03-02 10:00:07"),
        ("2026-03-02T09:00:07Z", "2026-02-20T09:00:07Z", "+P10D"),
        ("2026-03-02T09:00:07.5Z", None, "2026-03-02T09:00:07.500000Z"),
        ("2026-10-25T00:30:00Z", None, "2026-10-25T00:30:00Z"),  # half past two, twice
    ],
)
def test_instants_are_written_as_they_read_best(instant: str, since: str | None, text: str) -> None:
    at, begin = (None if one is None else datetime.fromisoformat(one) for one in (instant, since))
    assert at is not None
    assert WrittenTimes(BERLIN).text(at, begin) == text


def test_instants_are_cut_and_never_moved_ahead() -> None:
    at = datetime(2026, 3, 2, 9, 59, 59, 999_999, UTC)
    assert [one.cut(at) for one in Precision] == [
        datetime(2026, 3, 2, 9, 59, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 59, 59, tzinfo=UTC),
        at,
    ]
    assert all(at - one.cut(at) < timedelta(minutes=1) for one in Precision)
