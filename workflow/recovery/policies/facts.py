"""The facts of a case by which policies judge it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.port import Store

_SUBJECT = schema.subjects.c


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
    statement = select(_SUBJECT.data).where(_SUBJECT.key == key, _SUBJECT.lifecycle == "case")
    data = None
    if "\x00" not in key:  # which no key holds, and PostgreSQL would not even compare with
        with store.connect() as connection:
            data = connection.execute(statement).scalar_one_or_none()
    if not data:
        raise NotFound(f"case: there is no {key!r}")
    return facts_of(data)
