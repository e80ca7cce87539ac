"""Ways: a declared transition leads somewhere from each of its sources, and much of it is known before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from state_machines.decision import Outcome
from state_machines.definitions.transition_rules import Departure, TransitionRule
from state_machines.effects import EffectRule
from state_machines.timeouts import TimeoutRule
from state_machines.timeouts.timer_changes import Crossing, crossings

EffectsByState = Mapping[str, tuple[EffectRule, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A transition from one of its sources, with all that is the same for every subject that takes it.

    Attributes:
        trigger: what it answers to.
        source, dest: the states before and after; the same one for an internal transition.
        rule: the transition.
        outcome: moved, or stayed where no state is left.
        effects: on leaving, of the transition, on entering.
        crossings: what it means for each timeout.
    """

    trigger: str
    source: str
    dest: str
    rule: TransitionRule
    outcome: Outcome
    effects: tuple[EffectRule, ...]
    crossings: tuple[Crossing, ...]


def ways_of(
    departures: Iterable[Departure],
    timeouts: Mapping[str, TimeoutRule],
    on_exit: EffectsByState,
    on_enter: EffectsByState,
) -> tuple[Way, ...]:
    """The ways of a definition, in the order in which they are tried."""
    ways = []
    for trigger, source, dest, rule in departures:
        moved = not rule.internal
        effects = rule.effects
        if moved:
            effects = (*on_exit.get(source, ()), *effects, *on_enter.get(dest, ()))
        way = Way(
            trigger,
            source,
            dest,
            rule,
            Outcome.MOVED if moved else Outcome.STAYED,
            effects,
            crossings(timeouts.values(), source, dest, moved, rule.restart),
        )
        ways.append(way)
    return tuple(ways)
