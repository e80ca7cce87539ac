"""After a change the types of the data are looked at where they may misfit, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.errors import DecisionError
from state_machines.form.fields import FieldDeclaration
from tests.state_machines.second_edition.loans import SMALL, Life, problems

DATA = (
    "{words: text, tries: {type: integer, default: 0}, few: {type: integer, maximum: 2}, at: instant, "
    "wait: duration, held: list, texts: {type: list, items: {type: string}}, "
    "sort: {type: text, enum: [a, b]}, any: any}"
)
BRINGS = "{words: text, at: instant, tries: text, few: {type: integer, maximum: 5}, wait: duration, to: any}"


def life(change: str) -> Life:
    """One whose transition makes this change."""
    text = SMALL.replace(SMALL.split("data: ")[1].split("\n")[0], DATA)
    text = text.replace(text.split("write: {data: ")[1].split("\n")[0], f"{BRINGS}}}}}")
    text = text.rstrip().removesuffix("}") + f", change: {change}}}\n"
    assert problems(text) == []
    return Life(text)


CANNOT_MISFIT = [
    "{copy: [words, at, wait]}",
    "{copy: any}",
    "{set: {at: =now, words: =subject.key, wait: =now - now, any: =event.data}}",
    "{set: {tries: =size(subject.key)}}",
    "{append: {held: =event.data.to}}",
    "{add: {held: =event.data.to}}",
    "{unset: words}",
]
MAY_MISFIT = {
    "{copy: {tries: to}}": ("tries", {"to": "many"}),
    "{copy: few}": ("few", {"few": 4}),
    "{set: {tries: =event.data.to}}": ("tries", {"to": "many"}),
    "{set: {at: =event.data.to}}": ("at", {"to": "tomorrow"}),
    "{set: {few: =size(subject.key)}}": ("few", {}),
    "{set: {sort: =subject.key}}": ("sort", {}),
    "{append: {texts: =event.data.to}}": ("texts[0]", {"to": 7}),
    "{increment: {few: 3}}": ("few", {}),
    "[{set: {words: a}}, {set: {tries: =event.data.to}, when: 'true'}]": ("tries", {"to": "many"}),
}


@pytest.mark.parametrize("change", CANNOT_MISFIT)
def test_what_cannot_misfit_is_not_looked_at(change: str) -> None:
    assert life(change).lifecycle.transitions[0].types is None


@pytest.mark.parametrize(("change", "field", "brought"), [(one, *two) for one, two in MAY_MISFIT.items()])
def test_what_may_misfit_is_looked_at(change: str, field: str, brought: dict[str, Any]) -> None:
    with pytest.raises(DecisionError) as caught:
        life(change).take("write", **brought)
    assert str(caught.value).startswith(f"transitions[0]: data.{field}")


def test_a_field_of_any_kind_is_never_looked_at() -> None:
    assert FieldDeclaration().type == "any"
    assert life("{set: {any: =event.data.to}}").lifecycle.transitions[0].types is None
