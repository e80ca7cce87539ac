"""The core and the engine know no word of the product: none of its topics, none of its channels."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from state_machines.notices.topics import Priority
from workflow.recovery.contact.channels import CHANNELS
from workflow.recovery.vocabulary import ABOUT

ROOT = Path(__file__).parents[2]
ROOMS = (
    "state_machines",
    *(f"workflow/{room}" for room in ("engine", "outbox", "maintenance", "broker", "store")),
)
LEFT_OUT = (ROOT / "state_machines" / "catalog", ROOT / "workflow" / "store" / "migrations")
"""The product's own lifecycles, and what tables once were."""
OF_THE_LANGUAGE = {one.name.lower() for one in Priority} | {"email"}
"""Also words of the form of definitions: a priority, and JSON Schema's format."""
WORDS = {one.name for one in (*ABOUT, *CHANNELS)} - OF_THE_LANGUAGE


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Every text that the code of a file holds, with its line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("room", ROOMS)
def test_no_word_of_the_product_stands_in_the_core_or_the_engine(room: str) -> None:
    files = [one for one in (ROOT / room).rglob("*.py") if not any(map(one.is_relative_to, LEFT_OUT))]
    assert files
    found = [f"{file}:{line}: {text}" for file in files for line, text in texts(file) if text in WORDS]
    assert found == []


def test_the_test_would_see_one(tmp_path: Path) -> None:
    file = tmp_path / "policy.py"
    file.write_text("URGENT = {'new_time'}\n", encoding="utf-8")
    assert [text for _, text in texts(file) if text in WORDS] == ["new_time"]
