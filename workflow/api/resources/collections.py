"""Under which path the subjects of a lifecycle lie.

Those of the catalog have the plural of its name, `/v1/promises`: these names are ours, and none of them is
that of another resource. An installation's own lifecycles lie under `/v1/own/`, by the name itself: whatever
resources come to be in later versions, none of them can take the place of somebody's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.convertors import Convertor, register_url_convertor

OWN = "own/"

PLURALS: Mapping[str, str] = MappingProxyType(
    {
        "appointment": "appointments",
        "approval": "approvals",
        "bell": "bells",
        "calendar": "calendars",
        "callback": "callbacks",
        "case": "cases",
        "customer": "customers",
        "delivery": "deliveries",
        "escalation": "escalations",
        "identity": "identities",
        "incident": "incidents",
        "job": "jobs",
        "likeness": "likenesses",
        "membership": "memberships",
        "policy": "policies",
        "promise": "promises",
        "rotation": "rotations",
        "team": "teams",
    }
)
"""By lifecycle of the catalog; an installation's own of that name takes its place."""
_LIFECYCLES = {plural: name for name, plural in PLURALS.items()}


def collection_of(lifecycle: str) -> str:
    """The path of a lifecycle's subjects below `/v1/`."""
    return PLURALS.get(lifecycle, f"{OWN}{lifecycle}")


def lifecycle_of(collection: str) -> str | None:
    """The lifecycle whose subjects lie under this path; None where none can."""
    if collection in _LIFECYCLES:
        return _LIFECYCLES[collection]
    name = collection.removeprefix(OWN)
    return name if name != collection and name not in PLURALS else None


class CollectionConvertor(Convertor[str]):
    """A collection in the path of a route: `{collection:collection}`."""

    regex = "|".join([*_LIFECYCLES, rf"{OWN}[a-z][a-z0-9_]{{0,62}}"])

    def convert(self, value: str) -> str:
        """As it stands."""
        return value

    def to_string(self, value: str) -> str:
        """As it stands."""
        return value


register_url_convertor("collection", CollectionConvertor())
