"""What the operations of a lifecycle are called, and what in them has a schema of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from state_machines.definitions.lifecycle import Lifecycle
from workflow.api.resources.collections import collection_of
from workflow.api.resources.names import UniqueNames, in_one_word
from workflow.api.resources.senders import opening, sendable


class OperationNames(NamedTuple):
    """Names of operations (`triggers` by trigger; `create` empty where there is none), and of schemas.

    The name of an operation is what a generated client calls its method: it stays as it is.
    """

    list: str
    get: str
    create: str
    possible: str
    triggers: Mapping[str, str]
    resource: str
    page: str
    data: str
    id: str
    bodies: Mapping[str, str]


def names_of(
    lifecycle: Lifecycle, operations: UniqueNames, schemas: UniqueNames, *, get: str = ""
) -> OperationNames:
    """The names for a lifecycle, taken from those that nothing else has; `get`: of what reads one already."""
    name, triggers, word = lifecycle.name, sendable(lifecycle), in_one_word(lifecycle.name)
    plural = collection_of(name).rpartition("/")[2]
    return OperationNames(
        operations.take(f"list_{plural}"),
        get or operations.take(f"get_{name}"),
        operations.take(f"create_{name}") if opening(lifecycle) else "",
        operations.take(f"{name}_possible"),
        {one: operations.take(f"{name}_{one}") for one in triggers},
        schemas.take(f"{word}Resource"),
        schemas.take(f"{word}ResourcePage"),
        schemas.take(f"{word}Data"),
        schemas.take(f"{word}Id"),
        {one: schemas.take(f"{in_one_word(name, one)}Body") for one in triggers},
    )


def word_of(lifecycle: Lifecycle) -> str:
    """A lifecycle's name as a word."""
    return lifecycle.name.replace("_", " ")


def plural_of(lifecycle: Lifecycle) -> str:
    """The word for several of its subjects."""
    return collection_of(lifecycle.name).rpartition("/")[2].replace("_", " ")
