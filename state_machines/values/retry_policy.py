"""How often and how soon an effect that failed is tried again: a value, and what is decided by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from state_machines.values.backoff import Backoff
from state_machines.values.durations import parse_duration

_DOUBLING = Backoff(first=2.0, longest=900.0)


class TryAgain(NamedTuple):
    """It is tried again after so many real seconds."""

    pause: float


class GiveUp(NamedTuple):
    """It is not tried again; `reason` goes on from "given up": ``after 3 attempts``."""

    reason: str


RetryDecision = TryAgain | GiveUp


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often an effect is tried, the pauses between two attempts, and what is not worth another.

    Attributes:
        max_attempts: attempts in all, 1 and up.
        backoff: the pauses, in real seconds.
        not_on: rules of errors after which it is not tried again, such as ``webhook-409``.
    """

    max_attempts: int = 8
    backoff: Backoff = _DOUBLING
    not_on: frozenset[str] = frozenset()

    def with_rule(self, rule: Mapping[str, Any] | None) -> RetryPolicy:
        """What holds for an effect: what its own rule says, and this policy for what it leaves open.

        Args:
            rule: `attempts`, `first` and `longest` (ISO 8601 durations) and `not_on`, those that are said.
                Of `first` and `longest`, one that is said alone moves the other if they would cross.

        Raises:
            DurationError: a duration is none.
        """
        if not rule:
            return self
        first, longest = (
            parse_duration(rule[name]).total_seconds() if name in rule else None
            for name in ("first", "longest")
        )
        backoff = self.backoff
        if first is not None:
            backoff = Backoff(first, max(first, backoff.longest))
        if longest is not None:
            backoff = Backoff(min(backoff.first, longest), longest)
        return replace(
            self,
            max_attempts=rule.get("attempts", self.max_attempts),
            backoff=backoff,
            not_on=frozenset(rule.get("not_on", self.not_on)),
        )


def decide_retry(
    policy: RetryPolicy,
    attempts: int,
    rules: Collection[str] = (),
    asked_pause: float = 0.0,
    jitter: float = 1.0,
) -> RetryDecision:
    """Whether an effect that failed is tried again.

    Args:
        policy: what holds for it.
        attempts: how often it has been tried, this time included.
        rules: the rules of the error.
        asked_pause: real seconds that the other side wants to be left alone at least.
        jitter: from 0 to 1, by chance; see `Backoff.pause`.
    """
    hopeless = sorted(policy.not_on.intersection(rules))
    if hopeless:
        return GiveUp(f"since {hopeless[0]} is not worth another try")
    if attempts >= policy.max_attempts:
        return GiveUp(f"after {attempts} attempt{'s' if attempts != 1 else ''}")
    return TryAgain(max(asked_pause, policy.backoff.pause(attempts, jitter)))
