"""What a link's page sends back becomes the data of an event, or is asked again field by field."""

from typing import Any

import pytest

from workflow.console.rendering import rendered
from workflow.recovery.links.form import Incomplete, answer_data, answer_text, asked_by
from workflow.recovery.links.phrases import phrases, phrases_for

SURVEY: dict[str, Any] = {
    "data": {"kind": "survey"},
    "ask": {
        "care": {"type": "integer", "minimum": 1.0, "maximum": 5.0, "required": True},
        "again": {"type": "boolean", "description": "Would you come again?"},
        "age": {"type": "integer"},
        "why": {"type": "string", "enum": ["price", "people"]},
        "words": {"type": "string", "max_length": 20},
    },
    "labels": {"care": "Did we care?", "words": "What else?"},
}
WINDOWS: dict[str, Any] = {
    "choices": [{"label": "Tuesday", "data": {"day": 2}}, {"label": "Friday", "data": {"day": 5}}]
}


def test_a_form_becomes_data_of_the_declared_types() -> None:
    form = {
        "care": "4",
        "again": "no",
        "age": " 61 ",
        "why": "people",
        "words": "a\r\nb",
        "kind": "x",
        "other": "y",
    }
    assert answer_data(SURVEY, form) == {
        "kind": "survey", "care": 4, "again": False, "age": 61, "why": "people", "words": "a\nb",
    }  # fmt: skip


def test_what_is_left_blank_is_left_out() -> None:
    assert answer_data(SURVEY, {"care": "5", "age": "", "words": "  "}) == {"kind": "survey", "care": 5}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "data.care"),
        ({"care": "6"}, "data.care"),
        ({"care": "four"}, "data.care"),
        ({"care": "٤"}, "data.care"),
        ({"care": "1", "again": "perhaps"}, "data.again"),
        ({"care": "1", "age": "9" * 20}, "data.age"),
        ({"care": "1", "why": "weather"}, "data.why"),
        ({"care": "1", "words": "x" * 21}, "data.words"),
    ],
)
def test_what_does_not_fit_is_named(form: dict[str, str], field: str) -> None:
    with pytest.raises(Incomplete) as refused:
        answer_data(SURVEY, form)
    assert [one.field for one in refused.value.problems] == [field]


def test_one_of_the_choices_is_chosen_by_its_place() -> None:
    assert answer_data(WINDOWS, {"choice": "1"}) == {"day": 5}
    for place in ("", "2", "-1", "1.0", "²", "0x1"):
        with pytest.raises(Incomplete):
            answer_data(WINDOWS, {"choice": place})


def test_a_text_without_a_limit_has_one() -> None:
    with pytest.raises(Incomplete):
        answer_data({"ask": {"words": {"type": "string"}}}, {"words": "x" * 2001})


def test_the_page_asks_each_thing_as_it_is_best_answered_and_keeps_what_was_given() -> None:
    speech = phrases("de-AT")
    text = rendered(
        "link.html", language=speech.language, say=speech, heading="Drei <Fragen>", words="a", choices=[],
        fields=asked_by(SURVEY, speech.yes, speech.no), given={"care": "4", "words": "<b>"}, wrong={"words"},
        choice="choice", button="Das war's",
    )  # fmt: skip
    assert "Das war&#39;s</button>" in text
    assert text.count('type="radio" name="care"') == 5 and 'value="4" checked required' in text
    assert "Would you come again?" in text and "Ja" in text and 'inputmode="numeric"' in text
    assert "Drei &lt;Fragen&gt;" in text and "&lt;b&gt;</textarea>" in text
    assert 'aria-invalid="true"' in text and "wenn Sie möchten" in text and "<script" not in text


@pytest.mark.parametrize(
    ("header", "language"),
    [(None, "en"), ("", "en"), ("fr-FR,de;q=0.7", "de"), ("DE", "de"), ("xx", "en"), ("en-GB,de", "en")],
)
def test_who_has_no_notice_reads_the_browsers_language(header: str | None, language: str) -> None:
    assert phrases_for(header).language == language


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("de", "Europe/Berlin", "Donnerstag, 5. März, 18:30"),
        ("en", "America/New_York", "Thursday 5 March, 12:30"),
    ],
)
def test_a_day_and_a_time_that_were_given_are_told_by_the_readers_clock(
    language: str, zone: str, said: str
) -> None:
    link = {"language": language, "zone": zone, "ask": {"due_at": {"type": "string", "format": "date-time"}}}
    assert answer_text(link, "due_at", "2026-03-05T17:30:00Z", "yes", "no") == said
    assert answer_text({**link, "ask": {"ok": {"type": "boolean"}}}, "ok", True, "ja", "nein") == "ja"
