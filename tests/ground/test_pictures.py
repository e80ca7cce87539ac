"""The pictures of the catalog are those of its definitions."""

from pathlib import Path

import pytest

from state_machines import catalog
from state_machines.diagram import svg

PICTURES = Path(__file__).parents[2] / "docs" / "catalog"


@pytest.mark.parametrize("name", catalog.NAMES)
def test_a_picture_is_current(name: str) -> None:
    picture = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    again = f"drawn anew by: makegood draw {name} --format svg -o docs/catalog/{name}.svg"
    assert picture.strip() == svg(catalog.load_catalog()[name].definition).strip(), again
