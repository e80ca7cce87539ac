"""The states of an effect: the values of the column `outbox.state`."""

from __future__ import annotations

from enum import StrEnum


class EffectState(StrEnum):
    """The state of an effect.

    `pending` → `published` (the relay put it on the broker under a token) → `sending` (a worker holds
    it) → `settled`; or `dead` (given up), or `unknown` (whether it happened is not known). A notice that
    has not gone out may be `recalled`: its subject wants it no more.
    """

    PENDING = "pending"
    PUBLISHED = "published"
    SENDING = "sending"
    SETTLED = "settled"
    DEAD = "dead"
    UNKNOWN = "unknown"
    RECALLED = "recalled"


RELAYED = (EffectState.PENDING, EffectState.PUBLISHED)
"""The states in which the relay claims a due effect; the sweep finds a send whose lease ran out."""
RECALLED = "recalled"
"""Where a notice that was on its way carries why its subject wants it no more."""
GIVEN_UP = (EffectState.DEAD, EffectState.UNKNOWN)
"""The states of an effect that only a person can end."""
