"""What somebody types for many customers, as each reads it."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.definitions.event_data import validate
from state_machines.definitions.lifecycle import load
from state_machines.errors import EventDataError
from workflow.recovery.contact.languages import both_words, in_language

BOTH = {"en": "It is out", "de": "Er ist weg"}
LIFECYCLE = load("""
edition: 2
lifecycle: outage
version: 1
triggers: {tell: {data: {words: {type: words, required: true, max_length: 20}, more: words}}}
states: [told]
transitions: [{trigger: tell, source: initial, dest: told}]
""")


@pytest.mark.parametrize(
    ("words", "who", "said"),
    [
        ("It is out", {"language": "de"}, "It is out"),
        (BOTH, {"language": "de"}, "Er ist weg"),
        (BOTH, {"language": "DE_at"}, "Er ist weg"),
        (BOTH | {"de-AT": "Er is weg"}, {"language": "de-at"}, "Er is weg"),
        (BOTH | {"de-at": "Er is weg"}, {"language": "de"}, "Er ist weg"),
        (BOTH, {"language": "fr"}, "It is out"),
        (BOTH, {"name": "Ada"}, "It is out"),
        (BOTH, "ada@home.example", "It is out"),
        ({"nl": "Hij is weg", "de": "Er ist weg"}, {"language": "fr"}, "Er ist weg"),
        ({}, {"language": "de"}, ""),
        (None, {"language": "de"}, ""),
    ],
)
def test_each_reads_their_own_language_else_english_else_any(words: Any, who: Any, said: str) -> None:
    assert in_language(words, who) == said


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("Out.", "Soon.", {"und": "Out. Soon."}),
        ({"de": "Weg.", "en": "Out."}, "Noon.", {"de": "Weg. Noon.", "en": "Out. Noon."}),
        ({"en": "Out."}, {"de": "Mittag."}, {"de": "Out. Mittag.", "en": "Out. Mittag."}),
        ("Out.", "", {"und": "Out."}),
    ],
)
def test_one_after_the_other_in_each_language(first: Any, second: Any, together: dict[str, str]) -> None:
    assert both_words(first, second) == together
    assert in_language(together, {"language": "de"}) == together.get("de", together.get("und"))


@pytest.mark.parametrize("words", ["Out", {"de": "Weg"}, {"de-AT": "Weg", "zh-Hant-TW": "x" * 20}])
def test_a_text_or_texts_by_language_are_words(words: Any) -> None:
    validate(LIFECYCLE, "tell", {"words": words, "more": words})


@pytest.mark.parametrize(
    ("words", "field", "rule"),
    [
        (7, "data.words", "type"),
        (["Weg"], "data.words", "type"),
        ({}, "data.words", "no-language"),
        ({"German": "Weg"}, "data.words", "language"),
        ({"de": 7}, "data.words.de", "type"),
        ({"de": ""}, "data.words.de", "minLength"),
        ("x" * 21, "data.words", "max-length"),
        ({"de": "x" * 21}, "data.words.de", "max-length"),
    ],
)
def test_what_is_none_is_named_with_field_and_rule(words: Any, field: str, rule: str) -> None:
    with pytest.raises(EventDataError) as caught:
        validate(LIFECYCLE, "tell", {"words": words})
    assert [(problem.field, problem.rule) for problem in caught.value.problems] == [(field, rule)]
