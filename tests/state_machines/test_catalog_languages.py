"""What the catalog says to customers, it says in English and in German, and with nothing missing."""

import pytest

from state_machines.catalog import NAMES, load_catalog, place_of, source
from state_machines.definitions.lifecycle import load_new
from state_machines.form.definition import Definition
from state_machines.form.effects import EffectDeclaration, NoticeCall
from state_machines.notices.topics import topic_of

LANGUAGES = {"en", "de"}
CATALOG = load_catalog()


def notices(definition: Definition) -> list[NoticeCall]:
    """Every notice that it declares, those of macros included."""
    effects: list[EffectDeclaration] = [effect for one in definition.transitions for effect in one.effects]
    for state in definition.states:
        effects += [*state.on_enter, *state.on_exit]
    return [effect.notice for effect in written_out(effects) if effect.notice is not None]


def written_out(effects: list[EffectDeclaration]) -> list[EffectDeclaration]:
    """The effects, each macro's in its place."""
    return [one for effect in effects for one in (written_out(effect.do) if effect.do else [effect])]


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_every_template_speaks_both_languages(name: str) -> None:
    templates = CATALOG[name].definition.templates
    assert {one for one, wordings in templates.items() if wordings.keys() != LANGUAGES} == set()


@pytest.mark.parametrize("name", ["appointment", "case", "promise"])
def test_what_a_customer_reads_is_a_template(name: str) -> None:
    to_customers = [
        one
        for one in notices(CATALOG[name].definition)
        if not topic_of({"about": one.about}).colleagues
        and "customer" in str(one.to)
        and one.channel != "dial"
    ]
    assert to_customers
    assert [one.title for one in to_customers if one.template is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_version_of_a_definition_is_known_without_compiling_it(name: str) -> None:
    lifecycle = load_catalog()[name]
    assert place_of(source(name)) == (lifecycle.name, lifecycle.version)
    assert place_of(source(name) + "\n") is None
    again = load_new(source(name), "by another name")  # as many others may have been loaded since
    assert load_new(source(name), f"{name}.yaml") is again, "the same text is compiled once"
