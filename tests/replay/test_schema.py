"""The schema of maps that editors load: current, a schema, and of one mind with what reads maps."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from state_machines.form.yaml_document import read_yaml
from tests.replay.scene import MAP
from workflow.cli.schema_page import MAP_PAGE
from workflow.replay.json_schema import map_schema, map_schema_text

MAPS = sorted((Path(__file__).parents[2] / "examples").rglob("map.yaml"))


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(map_schema())


def red_lines(text: str) -> list[str]:
    """What an editor would underline."""
    document: Any = read_yaml(text, "map.yaml")[0]
    return [f"{one.instance_path}: {one.message}" for one in validator().iter_errors(document)]


def test_the_committed_copy_is_current() -> None:
    assert MAP_PAGE.read_text(encoding="utf-8") == map_schema_text(), "run python -m workflow.cli.schema_page"


@pytest.mark.parametrize("path", MAPS, ids=[one.parent.name for one in MAPS])
def test_a_map_that_is_right_has_no_red_line(path: Path) -> None:
    assert len(MAPS) == 5
    assert red_lines(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("zone: UTC", "zone: UTC\n  colour: red"),
        ("type: integer", "type: date"),
        ("subject: parcel\n", ""),
        ("trigger: deliver", "trigger: Deliver!"),
    ],
)
def test_a_map_that_is_wrong_has_one(what: str, by: str) -> None:
    assert red_lines(MAP) == []
    assert red_lines(MAP.replace(what, by)) != []
