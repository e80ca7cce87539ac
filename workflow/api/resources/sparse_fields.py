"""Which fields of a resource an answer has: all, or those that `fields` names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from state_machines.errors import Problem
from workflow.api.http.paging import KnownParameters
from workflow.errors import InvalidQuery
from workflow.queries.resources import Resource

ALWAYS = ("key", "id", "state", "revision")
"""Fields that every answer has."""
OTHERS = ("lifecycle", "version", "data", "parent", "opened_at", "changed_at", "closed_at")
PATTERN = r"^[a-z_]+(\.[a-z][a-z0-9_]{0,62})?(,[a-z_]+(\.[a-z][a-z0-9_]{0,62})?){0,49}$"
"""Of the text that names them."""
_MOST_NAMES = 50
DESCRIPTION = (
    f"Which fields, by comma: {', '.join(f'`{one}`' for one in OTHERS)}, or one of the data, `data.owner`. "
    f"{', '.join(f'`{one}`' for one in ALWAYS)} are always there. Left out: all."
)
_DATA = "data."


def pattern_of(declared: Collection[str]) -> str:
    """Of a text that names fields of a resource whose data has these; none: any."""
    if not declared:
        return PATTERN
    of_data = "|".join(sorted(declared))
    name = rf"({'|'.join((*ALWAYS, *OTHERS))}|data\.({of_data}))"
    return f"^{name}(,{name}){{0,{_MOST_NAMES - 1}}}$"


class FieldsWanted(KnownParameters):
    """Which fields an answer has."""

    fields: str | None = Field(None, max_length=2000, pattern=PATTERN, description=DESCRIPTION)


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
        return self.chosen(
            {
                "key": one.key,
                "id": identity,
                "lifecycle": lifecycle,
                "version": one.version,
                "state": one.state,
                "revision": one.revision,
                "data": one.data,
                "parent": one.parent,
                "opened_at": one.opened_at,
                "changed_at": one.changed_at,
                "closed_at": one.closed_at,
            }
        )

    def chosen(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Of all that is known of a resource these fields, in its order."""
        return {
            name: self._data(value) if name == "data" else value
            for name, value in known.items()
            if name in self.names
        }

    def _data(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.data is None:
            return data
        return {name: value for name, value in data.items() if name in self.data}


def sparse_fields(said: str | None, declared: Collection[str], more: Sequence[str] = ()) -> SparseFields:
    """What `fields` names. Raises InvalidQuery for a name that there is none of.

    Args:
        declared: fields of the data, as the definition has them; empty: it says nothing of them.
        more: further fields that this resource has beside those of every one.
    """
    others = (*OTHERS, *more)
    if said is None:
        return SparseFields({*ALWAYS, *others})
    words = said.split(",")
    of_data = {word.removeprefix(_DATA) for word in words if word.startswith(_DATA)}
    names = {word for word in words if not word.startswith(_DATA)}
    unknown = sorted(
        {
            *(names - {*ALWAYS, *others}),
            *(f"{_DATA}{one}" for one in of_data if declared and one not in declared),
        }
    )
    if unknown:
        known = ", ".join([*ALWAYS, *others, *(f"{_DATA}{one}" for one in sorted(declared))])
        message = f"there is no field {unknown[0]!r}; there are {known}"
        raise InvalidQuery([Problem("query.fields", "unknown-field", message)])
    if not of_data:
        return SparseFields({*ALWAYS, *names})
    whole = "data" in names
    return SparseFields({*ALWAYS, *names, "data"}, None if whole else frozenset(of_data))


def nothing_to_choose() -> InvalidQuery:
    """`fields` of an answer that is no resource."""
    message = "there is nothing to choose from"
    return InvalidQuery([Problem("query.fields", "extra_forbidden", message)])


class SparseSchema:
    """For the schema of a model that `fields` makes sparse: only what is always there is sure to be."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        handler.resolve_ref_schema(found)["required"] = list(ALWAYS)
        return found
