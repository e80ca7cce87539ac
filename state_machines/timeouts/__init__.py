"""Durable timeouts: their kinds and rules, the timers of a decision, the arithmetic of deadlines."""

from state_machines.timeouts.rule import TimeoutRule

__all__ = [
    "TimeoutRule",
]
