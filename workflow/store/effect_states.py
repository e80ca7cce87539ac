"""Where an effect is on its way: the values of the column `outbox.state`."""

from __future__ import annotations

from enum import StrEnum


class EffectState(StrEnum):
    """Where an effect is on its way.

    `pending` → `published` (the relay put it on the broker under a token) → `sending` (a worker holds it) →
    `settled`; or `dead` (given up), or `unknown` (nobody knows whether it happened).
    """

    PENDING = "pending"
    PUBLISHED = "published"
    SENDING = "sending"
    SETTLED = "settled"
    DEAD = "dead"
    UNKNOWN = "unknown"


RELAYED = (EffectState.PENDING, EffectState.PUBLISHED)
"""The states in which a due effect is the relay's; a send in progress whose lease ran out is the sweep's."""
