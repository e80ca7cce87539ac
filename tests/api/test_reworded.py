"""What the system itself says in data comes to a page in its reader's language, whenever it was written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

import state_machines.timeouts
from state_machines import catalog
from workflow.console.alert_reading import reading
from workflow.console.labels import reasons
from workflow.console.reworded import reworded
from workflow.recovery import windows
from workflow.recovery.archive.markdown import AS_WRITTEN
from workflow.recovery.house_words import house_words

GERMAN, ENGLISH = reworded("de"), reworded("en")
_WRITTEN = {
    "number": "3", "len(lines) - first - last": "3", "verb": "does", "way": "back",
    "plan.exception": "holiday: Christmas", "hours": "",
}  # fmt: skip
"""What stands in some places of a sentence; elsewhere a day does."""
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")


def filled(form: str) -> str:
    """A sentence with something in each of its places."""
    places = {name for _, name, _, _ in Formatter().parse(form) if name}
    return form.format_map({name: f"({name})" for name in places})


@pytest.mark.parametrize("name", house_words()["en"])
def test_words_of_the_house_are_said_in_the_language_of_whoever_reads_them(name: str) -> None:
    english, german = filled(house_words()["en"][name]), filled(house_words()["de"][name])
    assert GERMAN(english) == german
    assert GERMAN(german) == german
    assert ENGLISH(german) in {
        filled(house_words()["en"][one])
        for one in house_words()["de"]
        if filled(house_words()["de"][one]) == german
    }


def says(value: Any, key: str = "") -> Iterator[str]:
    """What guards of a definition say when they refuse, and why it ends something."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from says(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from says(one, key)
    elif isinstance(value, str) and key in ("says", "reason", "end_children"):
        if not value.startswith("="):
            yield value
        elif key == "says":
            yield from (f"{one}(fault)" for one in _QUOTED.findall(value)[:1])


@pytest.mark.parametrize("name", catalog.NAMES)
def test_whatever_a_definition_of_the_catalog_says_has_german_words(name: str) -> None:
    definition = next(yaml.safe_load_all(catalog.source(name)))
    for part in ("let", "data", "triggers"):  # expressions by a name, and fields
        definition.pop(part, None)
    said = [one for one in says(definition) if " " in one and not one.endswith((" required", " personal"))]
    assert [one for one in said if GERMAN(one) == one] == []


def sentences(path: Path) -> Iterator[str]:
    """Every whole sentence that a module builds, with something in its places."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        text = "".join(
            str(one.value)
            if isinstance(one, ast.Constant)
            else _WRITTEN.get(ast.unparse(getattr(one, "value", one)), "Mon 2026-03-02")
            for one in node.values
        )
        if text.endswith(".") and " " in text:
            yield text


def test_every_sentence_of_an_explanation_is_said_in_german() -> None:
    folder = Path(state_machines.timeouts.__file__).parent
    files = [*folder.glob("*.py"), *folder.glob("kinds/*.py")]
    said = [one for file in files for one in sentences(file)]
    assert len(said) > 20
    assert [one for one in said if GERMAN(one) == one] == []


def test_every_fault_of_a_window_is_said_in_german() -> None:
    tree = ast.parse(Path(windows.__file__).read_text(encoding="utf-8"))
    returned = [one.value for one in ast.walk(tree) if isinstance(one, ast.Return)]
    said = [one for value in returned if value is not None for one in _strings(value) if " " in one]
    assert len(said) > 4
    assert [one for one in said if GERMAN(one) == one] == []


def _strings(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else "3" for one in value.values)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*_strings(value.body), *_strings(value.orelse))


def test_a_refusal_is_told_without_what_only_its_definition_knows() -> None:
    why = reasons("de")
    both = "guard: The window is not over yet. [end <= now]; The deadline has not come yet. [due_at <= now]"
    assert why(both, "appointment") == "Die Zeit ist noch nicht vorüber. Die Frist ist noch nicht gekommen."
    impossible = "impossible-now: 'keep' is not possible in the state 'kept'; possible now: renegotiate"
    assert why(impossible, "promise").endswith("möglich ist jetzt: neuer Termin")
    english = reasons("en")
    assert english(impossible, "promise") == impossible.partition(": ")[2], "its rule is for programs"
    assert english("misfits: data.amount [maximum]", "order").startswith("what is known does not fit: ")
    assert english("guard: It is late. [now > at]", "order") == "It is late."
    own = "guard: Nobody has written this in German. [mine]"
    assert why(own, "loan") == own


@pytest.mark.parametrize(
    "words",
    [
        "My line is dead, and nobody came.", "set", "nothing", "Decide", "Window 2: ", "", "7 days",
        "x" * 5_000,
    ],
)  # fmt: skip
def test_what_people_say_stays_as_it_is(words: str) -> None:
    assert GERMAN(words) == words


def test_what_is_quoted_within_a_sentence_of_ours_stays_unless_it_is_ours_too() -> None:
    assert GERMAN("Decide: set, or nothing") == "Zu entscheiden: set, or nothing"
    assert GERMAN("Decide: Nobody came: A visit") == "Zu entscheiden: Niemand ist gekommen: A visit"


def test_an_alert_is_read_with_its_instants_and_names_in_german() -> None:
    said = reading("de", None)
    assert said.say("Wed 1 Jul 2026, 22:00 (Asia/Tokyo)") == "Mi. 1. Juli 2026, 22:00 (Asia/Tokyo)"
    assert said.say("after 2 days, 1 hour") == "nach 2 Tagen, 1 Stunde"
    assert said.say("Which part of the service") == "Welcher Teil des Dienstes"
    assert said.name("state", "kept", "promise:P-1") == "gehalten"
    assert AS_WRITTEN.name("state", "kept_late", "promise") == "kept late"
