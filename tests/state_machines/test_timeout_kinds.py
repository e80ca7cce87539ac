"""A kind of timeout is one file beside the others and one word in the table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from state_machines.form.definition import AnyTimeout, TimeoutDeclaration
from state_machines.timeouts import kinds
from state_machines.timeouts.kinds.table import KINDS
from state_machines.timeouts.rule import Kind

FILES = sorted(
    path.stem for path in Path(kinds.__file__).parent.glob("*.py") if path.stem not in ("__init__", "table")
)


@pytest.mark.parametrize("file", FILES)
def test_every_file_holds_one_kind_that_stands_in_the_table(file: str) -> None:
    module = import_module(f"{kinds.__name__}.{file}")
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Kind) and one.__module__ == module.__name__
    ]
    assert [one.name for one in found] == [file]
    assert found[0] in KINDS


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_kind_says_what_it_declares(kind: type[Kind[Any]]) -> None:
    declared = kind.declaration.model_fields
    assert kind.name in declared
    assert kind.texts.keys() <= declared.keys()
    assert all(not field.is_required() for field in declared.values()), "no other kind could be declared"
    assert f"`{kind.name}`: {kind.summary}" in str(TimeoutDeclaration.__doc__)


def test_no_two_kinds_share_a_field_with_each_other_or_with_all_timeouts() -> None:
    fields = [name for kind in KINDS for name in kind.declaration.model_fields]
    assert len(fields) == len(set(fields))
    assert not set(fields) & AnyTimeout.model_fields.keys()
    assert set(TimeoutDeclaration.model_fields) == {*fields, *AnyTimeout.model_fields}
