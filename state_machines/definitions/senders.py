"""Who may send a trigger: as declared under `from`, else what is safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import get_args

from state_machines.compilation.compilation import Compilation
from state_machines.form.definition import Definition
from state_machines.form.names import Sender

SENDERS: frozenset[str] = frozenset(get_args(Sender))
"""Every kind of sender that `from` can name."""
OUTSIDE, OPERATOR, DESK = "outside", "operator", "desk"
FAMILY, TIMER, TASK, LINK, REPORT = "family", "timer", "task", "link", "report"
_ANYBODY = frozenset({OUTSIDE, DESK, FAMILY})
_ALONE = frozenset({TIMER, TASK})


def compile_senders(
    compilation: Compilation, definition: Definition, triggers: Iterable[str]
) -> Mapping[str, frozenset[str]]:
    """By trigger, the kinds of senders that may send it.

    What is left out is what is safe: a trigger that the definition's own timeouts or the receipts of its own
    tasks give is theirs alone; any other may come from other systems, from the desk and from other subjects,
    and over a link where a notice offers one.
    """
    given = compilation.given
    found: dict[str, frozenset[str]] = {}
    for name in triggers:
        declared = definition.triggers.get(name)
        own = frozenset(given.get(name, ()))
        if declared is None or not declared.senders:
            found[name] = own if own and own <= _ALONE else _ANYBODY | own
            continue
        found[name] = frozenset(declared.senders)
        for kind in sorted(own - found[name]):
            compilation.problem(
                f"triggers.{name}.from",
                "unheard-sender",
                f"the definition itself has it sent by {kind!r}, which stands not here",
            )
    return MappingProxyType(found)


def refused_sender(senders: Mapping[str, frozenset[str]], trigger: str, sender: str) -> str | None:
    """Why this kind of sender is not heard; None where it is, or the trigger is not known.

    Whether somebody outside may send what is the operator's is asked at the door, which knows the key.
    """
    heard = senders.get(trigger)
    if heard is None or sender in heard or (sender == OUTSIDE and OPERATOR in heard):
        return None
    return f"{trigger!r} is not taken from {sender!r}, but from {', '.join(sorted(heard))}"
