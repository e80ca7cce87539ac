"""Durable timeouts: their rules, the timers of a decision, the arithmetic of deadlines."""

from state_machines.timeouts.rule import Form, TimeoutRule

__all__ = [
    "Form",
    "TimeoutRule",
]
