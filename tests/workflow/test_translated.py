"""Our own words stand in files: whole, none for nothing, and a folder more is a language more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from state_machines.templates.home import HOME
from tasks.sending import gathered
from workflow.console.translations import LANGUAGES
from workflow.recovery import house_words, translated
from workflow.recovery.links import phrases
from workflow.recovery.translated import ENGLISH, in_languages, texts_of

_PLACES = re.compile(r"{(\w+)}")
_CACHED = (
    translated._translations, house_words.house_words, house_words._forms, house_words.house_words_in,
    phrases._spoken, gathered._spoken,
)  # fmt: skip


def said_in_english() -> set[tuple[str, str]]:
    """Every text that is said, with its context."""
    page = {name: text for name, text in asdict(phrases.phrases(ENGLISH)).items() if name != "language"}
    tables = {
        "house": house_words.house_words()[ENGLISH],
        "link": page,
        **{one: gathered._spoken(one)[ENGLISH] for one in ("gathered", "gathered by topic")},
    }
    return {(context, text) for context, texts in tables.items() for text in texts.values()}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != ENGLISH])
def test_every_language_of_the_pages_has_all_of_it_and_nothing_else(language: str) -> None:
    said = texts_of(language)
    assert set(said) == said_in_english()
    for (_, english), text in said.items():
        assert set(_PLACES.findall(english)) == set(_PLACES.findall(text)), english


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Whatever was read is read anew, before and afterwards."""
    for one in _CACHED:
        one.cache_clear()
    yield
    for one in _CACHED:
        one.cache_clear()
    HOME.register()


@pytest.mark.usefixtures("forgetful")
def test_a_folder_more_is_a_language_more_and_what_it_lacks_is_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path(translated.__file__).with_name("translations"), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "fr" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    file.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgctxt "house"\nmsgid "Please call"\nmsgstr "Appelez donc"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(translated, "_FOLDER", tmp_path)
    HOME.register(language="fr-FR")
    assert house_words.house_says("please_call", {}) == "Appelez donc"
    assert house_words.house_says("busy", {}) == "the line is busy"
    assert house_words.house_words_in("Bitte anrufen", "fr") == "Appelez donc"
    assert phrases.phrases_for("fr, de;q=0.4").thanks_title == "Thank you"
    assert in_languages("house", {"x": "Please call"})["de"] == {"x": "Bitte anrufen"}
