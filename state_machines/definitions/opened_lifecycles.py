"""Which other lifecycles' subjects those of a lifecycle open."""

from collections.abc import Iterator

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.effects import EffectRule
from state_machines.effects.makers import OpenMaker


def opened_by(lifecycle: Lifecycle) -> frozenset[str]:
    """The names of the lifecycles of which its effects open subjects: these have one of its own as parent."""
    return frozenset(
        rule.maker.lifecycle for rule in _effects(lifecycle) if isinstance(rule.maker, OpenMaker)
    )


def _effects(lifecycle: Lifecycle) -> Iterator[EffectRule]:
    for transition in lifecycle.transitions:
        yield from transition.effects
    for of_states in (lifecycle.on_enter, lifecycle.on_exit):
        for effects in of_states.values():
            yield from effects
