"""What a decision asks for: tasks, notices, events, new subjects."""

from state_machines.effects.rule import EffectRule, compile_effects

__all__ = [
    "EffectRule",
    "compile_effects",
]
