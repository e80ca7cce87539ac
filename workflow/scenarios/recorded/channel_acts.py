"""Channels that did not take a notice, or left open whether they did: they behave so again, at that time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.recovery.contact.policy import NO_WAY
from workflow.scenarios.recorded.acts import Act
from workflow.scenarios.recorded.asked_effects import AskedEffect, AskedEffects
from workflow.scenarios.recorded.cast import Recorded
from workflow.scenarios.recorded.causes import Cause, Causes
from workflow.store.effect_states import EffectState

_MOMENT = timedelta(seconds=1)
"""How long before a timer is due its channel begins to behave otherwise."""
_NOT_ASKED = ("channel: no channel", "nobody knows when to write")
"""Words of errors that are no channel's: a notice that finds no way finds none again."""
_REPORTED = "reported"
"""What stands in the receipt of a notice of which nobody knew before a report came."""


def with_channels(connection: Connection, acts: Sequence[Act], subjects: Iterable[Recorded]) -> list[Act]:
    """The acts, with what channels did before and after those whose notices were lost."""
    notices = AskedEffects(connection).notices(subjects)
    if not any(map(_behaviour, notices)):
        return list(acts)
    causes = Causes(connection)
    lost: dict[Cause, dict[str, str]] = defaultdict(dict)
    went: dict[Cause, set[str]] = defaultdict(set)
    told: dict[tuple[Cause, str], AskedEffect] = {}
    for notice in notices:
        cause, behaviour = causes.of(notice.key), _behaviour(notice)
        if cause is None:
            continue
        if behaviour is None:
            went[cause] |= set(_channels(notice))
            continue
        for channel in _channels(notice):
            lost[cause][channel] = behaviour
            told[cause, channel] = notice
    notes = [
        _note(told[cause, channel])
        for cause, channels in lost.items()
        for channel in channels
        if channel in went[cause]
    ]
    found = list(acts)
    for cause, channels in lost.items():
        _insert(found, cause, {one: how for one, how in channels.items() if one not in went[cause]})
    if notes and found:
        found[0] = replace(found[0], note="; ".join([*filter(None, [found[0].note]), *notes]))
    return sorted(found, key=lambda act: act.at)


def _insert(acts: list[Act], cause: Cause, channels: dict[str, str]) -> None:
    """Have channels behave so while this happens."""
    if not channels:
        return
    begin, end = {"channel": channels}, {"channel": dict.fromkeys(channels, "works")}
    place = next(
        (n for n, act in enumerate(acts) if act.event is not None and act.event == cause.event), None
    )
    if place is not None:
        act = acts[place]
        acts[place : place + 1] = [Act(act.at, act.subject, begin), act, Act(act.at, act.subject, end)]
    elif cause.due_at is not None:
        acts += [
            Act(cause.due_at - _MOMENT, cause.subject, begin), Act(cause.due_at, cause.subject, end)
        ]  # fmt: skip


def _behaviour(notice: AskedEffect) -> str | None:
    """How its channel behaved; None where it took the notice, or was not asked."""
    if notice.state == EffectState.UNKNOWN or (notice.receipt or {}).get("answer") == _REPORTED:
        return "unknown"
    if notice.state == EffectState.DEAD and not any(one in (notice.error or "") for one in _NOT_ASKED):
        return "nobody" if (notice.error or "").endswith(NO_WAY) else "refuses"
    return None


def _channels(notice: AskedEffect) -> list[str]:
    """The channel over which it went, or all by which its recipient can be reached; those to the outside."""
    outside = [one.name for one in registered().values() if one.outside]
    if notice.target in registered():
        return [notice.target] if notice.target in outside else []
    return [one for one in outside if address(notice.payload.get("to"), one)]


def _note(notice: AskedEffect) -> str:
    about = notice.payload.get("about")
    return f"a notice about {about} over {notice.target} was lost ({notice.state}); here it goes out"
