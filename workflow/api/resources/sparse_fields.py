"""Which fields of a resource an answer has: all, or those that `fields` names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from state_machines.errors import Problem
from workflow.errors import InvalidQuery
from workflow.queries.resources import Resource

ALWAYS = ("key", "id", "state", "revision")
"""Fields that every answer has."""
OTHERS = ("lifecycle", "version", "data", "parent", "opened_at", "changed_at", "closed_at")
PATTERN = r"^[a-z_]+(\.[a-z][a-z0-9_]{0,62})?(,[a-z_]+(\.[a-z][a-z0-9_]{0,62})?){0,49}$"
"""Of the text that names them."""
DESCRIPTION = (
    f"Which fields, by comma: {', '.join(f'`{one}`' for one in OTHERS)}, or one of the data, `data.owner`. "
    f"{', '.join(f'`{one}`' for one in ALWAYS)} are always there. Left out: all."
)
_DATA = "data."


class SparseFields(NamedTuple):
    """What is wanted.

    Attributes:
        names: fields of the resource.
        data: those of its data; None: all, where `data` is among the names.
    """

    names: Collection[str]
    data: frozenset[str] | None = None

    @property
    def asks_data(self) -> bool:
        """Whether any of the data are wanted."""
        return "data" in self.names

    def view(self, one: Resource) -> dict[str, Any]:
        """The resource with these fields, in the order in which they are documented."""
        lifecycle, _, identity = one.key.partition(":")
        known: dict[str, Any] = {
            "key": one.key,
            "id": identity,
            "lifecycle": lifecycle,
            "version": one.version,
            "state": one.state,
            "revision": one.revision,
            "data": self._data(one.data),
            "parent": one.parent,
            "opened_at": one.opened_at,
            "changed_at": one.changed_at,
            "closed_at": one.closed_at,
        }
        return {name: value for name, value in known.items() if name in self.names}

    def _data(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.data is None:
            return data
        return {name: value for name, value in data.items() if name in self.data}


EVERY_FIELD = SparseFields((*ALWAYS, *OTHERS))


def sparse_fields(said: str | None, declared: Collection[str]) -> SparseFields:
    """What `fields` names. Raises InvalidQuery for a name that there is none of.

    Args:
        declared: fields of the data, as the definition has them; empty: it says nothing of them.
    """
    if said is None:
        return EVERY_FIELD
    words = said.split(",")
    of_data = {word.removeprefix(_DATA) for word in words if word.startswith(_DATA)}
    names = {word for word in words if not word.startswith(_DATA)}
    unknown = sorted(
        {
            *(names - {*ALWAYS, *OTHERS}),
            *(f"{_DATA}{one}" for one in of_data if declared and one not in declared),
        }
    )
    if unknown:
        known = ", ".join([*ALWAYS, *OTHERS, *(f"{_DATA}{one}" for one in sorted(declared))])
        message = f"there is no field {unknown[0]!r}; there are {known}"
        raise InvalidQuery([Problem("query.fields", "unknown-field", message)])
    if not of_data:
        return SparseFields({*ALWAYS, *names})
    whole = "data" in names
    return SparseFields({*ALWAYS, *names, "data"}, None if whole else frozenset(of_data))
