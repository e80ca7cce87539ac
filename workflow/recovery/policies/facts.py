"""The facts of a case by which policies judge it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.errors import NotFound
from workflow.queries.subjects import find_subject
from workflow.store.port import Store


def facts_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a case asks a policy with: all that was told, and what the case itself counts.

    The lifecycle `case` says the same in CEL when it asks (`grant`); a test holds the two together.
    """
    return {
        **data.get("facts", {}),
        "part": data.get("part", ""),
        "channel": data.get("channel"),
        "reach": data.get("reach"),
        "causes": data.get("causes", []),
        "broken_promises": data.get("broken"),
        "hand_overs": len(data.get("hand_overs", ())),
        "contacts": len(data.get("contacts", ())),
        "round": data.get("round"),
    }


def facts_of_case(store: Store, key: str) -> dict[str, Any]:
    """The facts of the case with this key, as it stands.

    Raises NotFound when there is no such case.
    """
    with store.connect() as connection:
        found = find_subject(connection, key)
    if found is None or found[1].lifecycle != "case" or not found[1].data:
        raise NotFound(f"case: there is no {key!r}")
    return facts_of(found[1].data)
