"""What somebody answered by a signed link, out of what the link asked and the event that came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def link_act(payload: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields `link`, `choice` and `answers` of a step.

    Args:
        payload: of the notice in which the link stood.
        name: of the link.
        data: of the event that the answer became.
    """
    links = payload.get("links") or {}
    link = links.get(name) or {}
    fields: dict[str, Any] = {} if len(links) < 2 else {"link": name}
    choice = _choice(link, data)
    if choice is not None:
        fields["choice"] = choice
    asked = {one: _written(data[one]) for one in link.get("ask") or {} if one in data}
    if asked:
        fields["answers"] = asked
    return fields


def _choice(link: Mapping[str, Any], data: Mapping[str, Any]) -> int | None:
    """Which of its choices the answer holds, from 0; None where it offers none."""
    for place, one in enumerate(link.get("choices") or ()):
        chosen = one.get("data") or {}
        if all(name in data and data[name] == value for name, value in chosen.items()):
            return place
    return None


def _written(value: Any) -> Any:
    """As a form has it: yes and no are words there."""
    return ("yes" if value else "no") if isinstance(value, bool) else value
