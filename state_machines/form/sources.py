"""Which states the sources of a transition stand for."""

from collections.abc import Iterable, Mapping

from state_machines.subject import INITIAL

UNFINISHED = "*"
"""Every state but `initial` and the final ones."""
ANY = "any"
"""Every state, ended or not."""


def states_meant(written: Iterable[str], states: Mapping[str, bool]) -> list[str]:
    """The states, each once, in the order in which they are named; those that are not known are left out.

    Args:
        written: the sources of a transition.
        states: by name, whether they are final.
    """
    found: dict[str, None] = {}
    for name in written:
        if name == UNFINISHED:
            found |= dict.fromkeys(one for one, final in states.items() if not final)
        elif name == ANY and ANY not in states:
            found |= dict.fromkeys(states)
        elif name in states or name == INITIAL:
            found[name] = None
    return list(found)
