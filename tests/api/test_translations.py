"""The texts of the pages: every one of a template is there in German, whole, and none for nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from state_machines.catalog import NAMES, load_catalog, source
from state_machines.notices.topics import TOPICS
from workflow.console import known_facts, translations, trigger_forms
from workflow.console.labels import sentences
from workflow.console.new_pages import _OF_CATALOG as BEGUN
from workflow.console.translations import LANGUAGES, chosen_language, po_file
from workflow.console.translations import translations as texts_of
from workflow.store.effect_states import EffectState

CONSOLE = Path(translations.__file__).parent
_METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS: dict[str, None] = {"_": None, "gettext": None, "say": None}
_PLACES = re.compile(r"%\((\w+)\)s")


def said() -> set[str]:
    """Every text that templates and pages translate."""
    found = extract_from_dir(
        CONSOLE, method_map=_METHODS, options_map={"templates/**.html": {}}, keywords=_KEYWORDS
    )
    return {text for _, _, text, *_ in found if isinstance(text, str)}


def catalog(language: str) -> Catalog:
    """The file of a language."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def test_every_text_of_a_template_is_there_in_german() -> None:
    german = texts_of("de")
    assert len(said()) > 200
    assert {text for text in said() if german.gettext(text) == text} <= {
        "Barometer",
        "Integration",
        "Name",
        "Passkeys",
        "Sandbox",
        "Teams",
    }


def test_no_text_is_empty_or_loses_a_value() -> None:
    for message in catalog("de"):
        if message.id:
            assert message.string, message.id
            assert set(_PLACES.findall(str(message.id))) == set(_PLACES.findall(str(message.string)))
            assert not message.fuzzy


def test_what_a_browser_asks_for_is_what_it_gets() -> None:
    assert chosen_language("de-CH, en;q=0.5", None) == "de"
    assert chosen_language("fr, en;q=0.5, de;q=0.4", "de") == "en"
    assert chosen_language("fr", "de-AT") == "de"
    assert chosen_language(None, None) == chosen_language("x;q=no, *", "") == "en"


def test_whatever_forms_and_stories_of_the_catalog_show_has_a_german_word() -> None:
    german = texts_of("de")
    shown: set[tuple[str, str, str]] = set()
    for lifecycle in load_catalog().values():
        shown |= {("state", one, lifecycle.name) for one in lifecycle.possible}
        shown |= {("trigger", one, lifecycle.name) for one in lifecycle.triggers}
        shown |= {("timer", one, lifecycle.name) for one in lifecycle.timeouts}
        shown.add(("lifecycle", lifecycle.name, lifecycle.name))
        for trigger in trigger_forms.OF_CATALOG.get(lifecycle.name, ()):
            for one in trigger_forms.form(lifecycle, trigger).inputs:
                shown |= {("field", part, lifecycle.name) for part in (one.label, one.group) if part}
                shown |= {("value", option, lifecycle.name) for option in one.options}
    assert len(shown) > 300
    assert not {
        (kind, name, lifecycle)
        for kind, name, lifecycle in shown
        if not german.knows(kind, name) and not german.knows(f"{kind} of {lifecycle}", name)
    }


def test_whatever_forms_of_the_catalog_explain_is_explained_in_german() -> None:
    told, lost = sentences("de"), set()
    for lifecycle in load_catalog().values():
        forms = [
            trigger_forms.form(lifecycle, one) for one in trigger_forms.OF_CATALOG.get(lifecycle.name, ())
        ]
        forms += [
            trigger_forms.opening_form(lifecycle, one, asked)
            for (name, one), asked in BEGUN.items()
            if name == lifecycle.name
        ]
        for form in forms:
            texts = {form.description} | {
                one.hint
                for one in form.inputs
                if one.kind in ("text", "words", "choice", "number", "whole", "truth")
            }
            lost |= {text for text in texts if text and not told(text, lifecycle.name)}
    assert lost == set()
    assert sentences("en")("We give our word.", "promise") == "We give our word."


def test_lifecycles_of_the_catalog_and_their_states_are_explained_in_german() -> None:
    told, lost = sentences("de"), set()
    for lifecycle in load_catalog().values():
        definition = lifecycle.definition
        texts = {definition.title, definition.description, *(one.description for one in definition.states)}
        lost |= {text for text in texts if text and not told(text, lifecycle.name)}
    assert lost == set()


def test_whatever_is_known_of_a_subject_of_the_catalog_has_a_german_word_and_is_declared() -> None:
    german = texts_of("de")
    for name, fields in known_facts._OF_CATALOG.items():
        assert set(fields) <= load_catalog()[name].definition.data.keys(), name
        assert [one for one in fields if not german.knows("field", one)] == [], name


def test_a_language_more_is_a_folder_more() -> None:
    assert dict(LANGUAGES) == {"en": "English", "de": "Deutsch"}
    assert {one.name for one in po_file("en").parents[2].iterdir() if one.is_dir()} == set(LANGUAGES)


def test_whatever_is_told_of_a_notice_has_a_german_word() -> None:
    german = texts_of("de")
    sources = " ".join(map(source, NAMES))
    topics = [one.name for one in TOPICS.all() if re.search(rf"\b{one.name}\b", sources)]
    told = [("topic", one) for one in topics] + [("effect", one.value) for one in EffectState]
    ways = ("email", "sms", "chat", "social", "webhook", "live", "dial", "push", "phone", "web")
    told += [("channel", one) for one in ways]
    assert len(told) > 25
    assert [one for one in told if not german.knows(*one)] == []


@pytest.mark.parametrize(("kind", "name"), [("state", "made"), ("trigger", "keep"), ("outcome", "no_answer")])
def test_words_of_definitions_have_their_kind_as_context(kind: str, name: str) -> None:
    assert texts_of("de").knows(kind, name) and not texts_of("de").knows("nothing", name)
