"""What an expression sees besides the variables that are always there."""

from __future__ import annotations

from dataclasses import dataclass

from state_machines.expressions.bounded.program import Program

Names = tuple[tuple[str, str, Program], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be named where an expression stands. Equal ones compile alike.

    Attributes:
        item: whether ``item`` is bound.
        names: those that the definition gives to expressions, with CEL's name of the type, and the program.
        instants: paths of declared instants (``data.due_at``): naming one gives the instant, not its text.
        durations: paths of declared lengths of time, in the same way.
    """

    item: bool = False
    names: Names = ()
    instants: frozenset[str] = frozenset()
    durations: frozenset[str] = frozenset()

    def with_item(self, bound: bool) -> Scope:
        """The same, with ``item`` bound or not."""
        return self if bound is self.item else Scope(bound, self.names, self.instants, self.durations)


PLAIN = Scope()
"""Of a definition of the first edition, outside of effects with ``each``."""
