"""What one person is known as who is known by several keys.

Each key keeps what was said of it, so that they can be taken apart again; this puts it together.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from state_machines.values.json_values import to_json
from workflow.recovery.contact.profile import refused_channels
from workflow.recovery.contact.wishes import is_younger


def profile_of_both(
    older: Mapping[str, Any],
    told: Mapping[str, Any],
    younger: Mapping[str, Any],
    younger_told: Mapping[str, Any],
) -> dict[str, Any]:
    """``profile_of_both(older, told, younger, younger_told)``: what one person is known as who was two.

    What the older one is known by stands, but for what the younger one told themselves, and later.
    """
    later = {name: to_json(younger[name]) for name in _later(told, younger_told) if name in younger}
    return {**to_json(younger), **to_json(older), **later}


def as_one(own: Mapping[str, Any], told: Mapping[str, Any], others: Sequence[Any]) -> dict[str, Any]:
    """``as_one(profile, told, members)``: what one person is known as by several keys.

    As `profile_of_both`, one after the other; and what any of them refused is refused.
    """
    known, refused = to_json(own), refused_channels(own)
    for one in others:
        profile = one.get("profile") or {}
        known = profile_of_both(known, told, profile, one.get("told") or {})
        told = told_together(told, [one])
        refused = list(dict.fromkeys((*refused, *refused_channels(profile))))
    return {**known, "key": own.get("key"), "opted_out": refused} if others else known


def told_together(told: Mapping[str, Any], members: Sequence[Any]) -> dict[str, Any]:
    """``told_together(told, members)``: what they told themselves by any of these keys.

    Of each field the latest word.
    """
    both: dict[str, Any] = to_json(told)
    for one in members:
        theirs = to_json(one.get("told") or {})
        both |= {name: theirs[name] for name in _later(both, theirs)}
    return both


def _later(told: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The fields of which they have the last word."""
    return [
        name for name, word in theirs.items() if not (name in told and is_younger(told[name], word.get("at")))
    ]
