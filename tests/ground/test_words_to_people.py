"""What people read of the catalog is said in languages, and by their clock.

No sentence stands in a definition: what is told stands in templates, and what becomes data although nobody
has said it is among the words of the house. Every template can be said, with all its values or the fewest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest
import yaml

from state_machines import catalog
from state_machines.catalog import load_catalog
from state_machines.form.wording import Wording
from state_machines.templates import Template
from state_machines.templates.home import HOME
from state_machines.templates.language import read
from workflow.recovery.house_words import OTHERWISE, house_says, house_words

CATALOG = load_catalog()
LANGUAGES = ("en", "de")
NOT_READ = {"description", "says", "reason", "when", "if", "unless", "code", "each"}
"""Keys under which nothing is told to people: conditions, what senders are refused with, codes, and why
something ended, for the timeline."""
SENTENCE = re.compile(r"[A-Za-z]{2,}[,:.]? [A-Za-z(\"]")
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")


def sentences(definition: Mapping[str, Any]) -> Iterator[str]:
    """Every sentence that stands in the expressions and effects of a definition."""
    reasons = {name for name, one in (definition.get("macros") or {}).items() if _takes_a_reason(one)}
    yield from _sentences(definition.get("let") or {}, expressions=True, left_out=set())
    for part in ("macros", "states", "transitions"):
        yield from _sentences(definition.get(part) or {}, expressions=False, left_out=NOT_READ | reasons)


def _takes_a_reason(macro: Any) -> bool:
    return isinstance(macro, Mapping) and macro.get("with") in ("reason", ["reason"])


def _sentences(value: Any, *, expressions: bool, left_out: set[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key not in left_out:
                yield from _sentences(one, expressions=expressions, left_out=left_out)
    elif isinstance(value, list):
        for one in value:
            yield from _sentences(one, expressions=expressions, left_out=left_out)
    elif isinstance(value, str):
        said = QUOTED.findall(value) if expressions or value.startswith("=") else [value]
        yield from (one for one in said if SENTENCE.search(one) and not _is_a_declaration(one))


def _is_a_declaration(text: str) -> bool:
    """``string required``, ``date-time required``: a field of a form."""
    return text.endswith(" required")


@pytest.mark.parametrize("name", catalog.NAMES)
def test_no_sentence_stands_in_a_definition(name: str) -> None:
    definition = next(yaml.safe_load_all(catalog.source(name)))
    assert definition["lifecycle"] == name
    assert list(sentences(definition)) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"transitions": [{"effects": {"notice": {"title": "You are late", "words": "=data.words"}}}]},
        {
            "transitions": [
                {"effects": {"notice": {"words": "='From ' + data.from + ' to the end ' + data.to"}}}
            ]
        },
        {"let": {"said": "'Nobody came: ' + data.about + ' is what they said'"}},
        {"states": [{"on_enter": {"make": {"words": "A word a day"}}}]},
    ],
)
def test_the_test_would_see_one(planted: Mapping[str, Any]) -> None:
    assert list(sentences(planted))


def test_the_house_has_the_same_words_in_each_language() -> None:
    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    names = {
        language: {name: values(text) for name, text in said.items()}
        for language, said in house_words().items()
    }
    assert set(names) == set(LANGUAGES)
    assert names["de"] == names["en"]


def test_the_house_has_each_word_that_is_asked_for() -> None:
    asked = {
        one for name in catalog.NAMES for one in re.findall(r"house_says\('(\w+)'", catalog.source(name))
    }
    assert asked <= house_words()[OTHERWISE].keys()


def test_the_house_speaks_its_language_or_english() -> None:
    try:
        for language, said in (("de-AT", "Bitte anrufen"), ("fr", "Please call"), (None, "Please call")):
            HOME.register(language=language)
            assert house_says("please_call", {}) == said
    finally:
        HOME.register()


NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
INSTANT = "2026-11-27T16:40:59Z"
INSTANTS = {"due_at", "eta", "until", "next_try", "begin", "end", "kept_at"}
WINDOW = {"from": "2026-11-27T13:00:00Z", "to": "2026-11-27T15:00:00Z"}
VALUES: Mapping[str, Any] = {
    **dict.fromkeys(INSTANTS, INSTANT),
    "window": WINDOW, "picked": WINDOW, "before": [["Olga"], ["Kim", "Sam"]], "refused": ["Olga", "Kim"],
    "kinds": ["phone", "email"], "told": ["Your bill is corrected"], "part": 12.5, "asked": 20.0,
    **dict.fromkeys(("cases", "more", "due", "broken", "times", "moved", "tries", "stands_for", "open"), 1),
}  # fmt: skip
WRONG = re.compile(
    r"\d{4}-\d\d-\d\dT|[{}]|  |\.\.|\?\.| [,.;:?!]|\(\)|None|True|False|[a-z0-9)“\"][.:?!][A-ZÄÖÜ]"
)
"""What no message holds: an instant for machines, a hole, a word of Python, a blank too many or too few."""


def spoken() -> Iterator[tuple[str, str, Mapping[str, Wording], Template]]:
    """Each template of the catalog in each language."""
    for name, lifecycle in CATALOG.items():
        for template, wordings in lifecycle.definition.templates.items():
            for language, channels in wordings.items():
                yield f"{name}.{template}", language, channels, Template(template, "en", wordings)


def said(
    channels: Mapping[str, Wording], language: str, template: Template, *, all_of_them: bool
) -> list[str]:
    """All that it says to a reader in Berlin."""
    readings = [
        read(text)
        for one in channels.values()
        for text in (one.title, one.words, *one.labels.values())
        if text is not None
    ]
    bare = {name for one in readings for name in one.bare}
    values = {
        name: VALUES.get(name, f"the {name}") if all_of_them or name in bare else type(VALUES.get(name, ""))()
        for one in readings
        for name in one.uses
    }
    links = {name: f"<{name}>" for one in readings for name in one.links}
    to = {"language": language, "zone": "Europe/Berlin"}
    found = template.say(to, values, links, NOW, "notice")
    variants = [text for one in found.variants.values() for text in one.values()]
    return [found.title, found.words, *found.labels.values(), *variants]


@pytest.mark.parametrize("all_of_them", [True, False])
def test_each_template_can_be_read(all_of_them: bool) -> None:
    wrong = [
        f"{name} ({language}): {text}"
        for name, language, channels, template in spoken()
        for text in said(channels, language, template, all_of_them=all_of_them)
        if WRONG.search(text)
    ]
    assert wrong == []


def test_every_template_speaks_both_languages() -> None:
    for lifecycle in CATALOG.values():
        for name, wordings in lifecycle.definition.templates.items():
            assert wordings.keys() == set(LANGUAGES), name
