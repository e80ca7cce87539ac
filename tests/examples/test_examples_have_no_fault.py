"""What `makegood check` says of the definitions in examples/: nothing. Their scenarios say what they do."""

from __future__ import annotations

import pytest

from state_machines.check import check
from tests.examples.pages import DOCS
from workflow.engine.definition_files import bundle_of

EXAMPLES = DOCS.parent / "examples"


@pytest.mark.parametrize("name", ["returns/returns.yaml", "incidents/lifecycle.yaml"])
def test_the_definition_has_no_fault(name: str) -> None:
    file = EXAMPLES / name
    assert check(bundle_of(file, lambda one: one.read_text(encoding="utf-8")), file.name, {}) == []
