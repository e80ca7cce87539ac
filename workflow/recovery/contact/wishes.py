"""Whose word about a customer counts, and since when: their own, or that of a source.

What customers say themselves (or a colleague for them) stands against what a source lists, unless the source
says that it is younger: a list that was read last night does not know what they said this morning.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from state_machines.values.instants import format_instant, parse_instant
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError
from workflow.recovery.contact.profile import refused_channels

SOURCE = "source"
"""Who says it where it is no word of the customer's own."""
REFUSED, ALLOWED = "refused", "allowed"

_BY_CHANNEL = ("opted_out", "consent")
"""The fields that are said channel by channel."""


def heard(
    customer: Mapping[str, Any],
    said: Mapping[str, Any],
    told: Mapping[str, Any],
    consents: Sequence[Any],
    at: Any,
) -> dict[str, Any]:
    """``heard(customer, said, told, consents, at)``: what they are known as when somebody says this of them.

    Args:
        customer: what they are known as.
        said: particulars.
        told: what they said themselves, by field: when (see `told_after`).
        consents: what was said about channels (see `consents_after`).
        at: as of when it is said: an instant; null or empty where nobody says. What they said themselves
            after that, or ever, stands.
    """
    counts = {name: value for name, value in to_json(said).items() if not is_younger(told.get(name), at)}
    known, own = to_json(customer), _own_words(consents, at)
    out = counts.get("opted_out")
    if isinstance(out, list):
        kept = [one for one in known.get("opted_out") or [] if own.get(one) == REFUSED and one not in out]
        counts["opted_out"] = [one for one in out if own.get(one) != ALLOWED] + kept
    given = counts.get("consent")
    if isinstance(given, dict):
        counts["consent"] = given | {one: True for one, word in own.items() if word == ALLOWED}
    return {**known, **counts}


def told_after(told: Mapping[str, Any], said: Mapping[str, Any], by: str, at: Any) -> dict[str, Any]:
    """``told_after(told, said, by, at)``: which of their fields they told themselves, after this was said.

    Args:
        told: by field: by (`customer`, or `colleague` who says so for them) and at.
        said: particulars.
        by: who says it; what a `source` says later than they did is told by them no longer.
        at: as of when; null or empty where nobody says.
    """
    names = [name for name in said if name not in _BY_CHANNEL and not is_younger(told.get(name), at)]
    kept = {name: word for name, word in to_json(told).items() if name not in names}
    return kept if by == SOURCE else {**kept, **{name: {"by": by, "at": to_json(at)} for name in names}}


def consents_after(
    before: Mapping[str, Any], after: Mapping[str, Any], by: str, who: Any, at: datetime, of: str
) -> list[dict[str, Any]]:
    """``consents_after(before, after, by, who, at, of)``: which channels are refused or allowed since then.

    Args:
        before, after: what they were and are known as.
        by: `customer`, `colleague` or `source`.
        who: which colleague, or which source.
        at: when it was said.
        of: by which key they are known by whom it was said of.
    """
    were, are = _by_channel(before), _by_channel(after)
    changed = sorted({*were, *are}, key=str)
    return [
        {
            "channel": one,
            "said": are.get(one, ALLOWED),
            "by": by,
            "who": to_json(who),
            "at": format_instant(at),
            "of": of,
        }
        for one in changed
        if were.get(one) != are.get(one, ALLOWED if one in were else None)
    ]


def said_since(consents: Sequence[Any], channel: str, at: datetime) -> bool:
    """``said_since(consents, channel, at)``: whether they said something about this channel after that."""
    return channel in _own_words(consents, at)


def _by_channel(customer: Mapping[str, Any]) -> dict[str, str]:
    consent = customer.get("consent")
    given = consent if isinstance(consent, Mapping) else {}
    allowed = {one: ALLOWED for one, said in given.items() if said is True}
    return {**allowed, **{one: REFUSED for one in refused_channels(customer)}}


def _own_words(consents: Sequence[Any], at: Any) -> dict[str, str]:
    """The last word of theirs about each channel that stands against what is said as of `at`."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in consents:
        if (
            one.get("by") != SOURCE
            and is_younger(one, at)
            and is_younger(one, _at(found.get(one.get("channel"))))
        ):
            found[one["channel"]] = one
    return {channel: str(one.get("said")) for channel, one in found.items()}


def _at(word: Any) -> Any:
    return None if word is None else word.get("at")


def is_younger(word: Any, at: Any) -> bool:
    """Whether a word (of which `at` says when) is younger than what is said as of then.

    Than what says no time it is younger.
    """
    if not isinstance(word, Mapping):
        return False
    then, now = _instant(word.get("at")), _instant(at)
    return now is None or (then is not None and then > now)


def _instant(said: Any) -> datetime | None:
    try:
        return said if isinstance(said, datetime) else parse_instant(said)
    except TimeError:
        return None
