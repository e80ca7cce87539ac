"""The schema that editors load: current, a schema, and of one mind with what reads definitions."""

from typing import Any

import jsonschema_rs
import pytest

from state_machines import catalog
from state_machines.errors import DefinitionError
from state_machines.form.json_schema import lifecycle_schema, lifecycle_schema_text
from state_machines.form.source import parse
from state_machines.form.yaml_document import read_yaml
from tests.examples.pages import definitions
from tests.state_machines.test_check import SOUND
from workflow.cli.schema_page import PAGE


def accepts(document: Any) -> bool:
    """Whether an editor would leave it without a red line."""
    return jsonschema_rs.Draft202012Validator(lifecycle_schema()).is_valid(document)


def test_the_committed_copy_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == lifecycle_schema_text(), (
        "run python -m workflow.cli.schema_page"
    )


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(lifecycle_schema())


@pytest.mark.parametrize("name", catalog.NAMES)
def test_the_catalog_fits_and_points_to_it(name: str) -> None:
    text = catalog.source(name)
    first, *_ = text.split("\n---")  # the definition; its words are no part of the schema
    assert accepts(read_yaml(first)[0])
    assert text.startswith("# yaml-language-server: $schema=../../../docs/lifecycle.schema.json\n")


@pytest.mark.parametrize(
    "page", ["lifecycles.md", "notices.md", "first-lifecycle.md", "howto/add-an-effect.md"]
)
def test_what_the_pages_show_fits(page: str) -> None:
    shown = [read_yaml(one.split("\n---")[0])[0] for one in definitions(page)]
    assert shown and all(map(accepts, shown))


def test_one_text_may_stand_for_a_list_of_one() -> None:
    assert accepts(read_yaml(SOUND)[0])


@pytest.mark.parametrize(
    ("sound", "faulty"),
    [
        ("version: 1", "version: 0"),
        ("version: 1", "version: one"),
        ("lifecycle: visit", "lifecycle: Visit"),
        ("final: true", "finnal: true"),
        ("  due: {in: [planned]", "  Due: {in: [planned]"),
        ("source: initial", "source: 5"),
        ("type: integer", "type: int"),
        ("name: billing.close, ", ""),
        ("states:", "state:"),
    ],
)
def test_what_an_editor_refuses_is_refused_when_it_is_read(sound: str, faulty: str) -> None:
    text = SOUND.replace(sound, faulty)
    assert text != SOUND
    assert not accepts(read_yaml(text)[0])
    with pytest.raises(DefinitionError):
        parse(text)
