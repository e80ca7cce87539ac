"""The reference of the language is what the code says: current, whole, and without a hole."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from state_machines.expressions.environment import MEANINGS
from state_machines.expressions.view import VARIABLES
from state_machines.form import definition as form
from state_machines.form.fields import FORMATS, Format, Meaning
from state_machines.form.macros import CALLS, VERBS
from state_machines.form.short_fields import TYPES
from state_machines.values.written import Part
from workflow.cli.expression_tables import EXAMPLES, given
from workflow.cli.form_tables import SECTIONS
from workflow.cli.language_page import PAGE, language_page

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_committed_page_is_current() -> None:
    assert language_page() == TEXT, "run python -m workflow.cli.language_page"


def test_every_part_of_the_form_has_a_section() -> None:
    parts = [one for one in vars(form).values() if isinstance(one, type) and issubclass(one, Part)]
    parts = [one for one in parts if not one.__name__.startswith("_") and one not in (Part, form.AnyTimeout)]
    assert set(parts) <= SECTIONS.keys()
    assert set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE)) >= {name.title() for name in SECTIONS.values()}


@pytest.mark.parametrize("part", SECTIONS, ids=lambda part: part.__name__)
def test_every_field_says_what_it_means(part: type[Part]) -> None:
    fields = part.model_fields.items()
    assert [name for name, field in fields if not field.description and name != "meaning"] == []


def test_every_verb_effect_and_variable_is_told() -> None:
    assert [one for one in CALLS | VERBS if f"| `{one}` |" not in TEXT] == []
    assert MEANINGS.keys() == VARIABLES.keys()
    assert FORMATS.keys() == set(get_args(Format))
    assert TYPES.keys() >= set(get_args(Meaning))


def test_links_within_the_page_lead_to_a_section() -> None:
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\(#([a-z-]+)\)", TEXT)) <= anchors


def test_an_example_shows_what_it_gives() -> None:
    assert given("data.tries + 40") == "42"
    assert len({text for text, _ in EXAMPLES}) == len(EXAMPLES)
