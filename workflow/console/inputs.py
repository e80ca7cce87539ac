"""A form for a trigger: its fields, in groups, with what is seldom said folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form.

    Attributes:
        name: in the form; parts of an object and rows of a list with dots: ``what.part``, ``windows.0.from``.
        label: by what it is called: the last part of its name in the definition.
        kind: text, words, number, whole, truth, moment, day, duration, person, lines, choice.
        needed: whether it must be filled in.
        options: of a choice.
        group: the object or list that it belongs to; empty: none.
        yours: whether it is whoever writes, where nobody is named.
    """

    name: str
    label: str
    kind: str
    needed: bool
    hint: str
    options: tuple[str, ...] = ()
    group: str = ""
    yours: bool = False

    @property
    def field(self) -> str:
        """The field of the trigger's data that it is of."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class TriggerForm:
    """A trigger that can be sent now, and what it asks.

    Attributes:
        asked: fields that are asked for at once; what else may be said is folded. None: nothing is.
    """

    trigger: str
    description: str
    inputs: tuple[Input, ...]
    asked: frozenset[str] | None = None

    @property
    def labels(self) -> dict[str, str]:
        """What each field is called, by its name in the form."""
        return {one.name: one.label for one in self.inputs}

    @property
    def at_once(self) -> list[tuple[str, list[Input]]]:
        """What is asked for at once, by group, in the order in which it is declared."""
        return _grouped(one for one in self.inputs if not self._is_folded(one))

    @property
    def more(self) -> list[tuple[str, list[Input]]]:
        """What else may be said, by group."""
        return _grouped(one for one in self.inputs if self._is_folded(one))

    def _is_folded(self, one: Input) -> bool:
        return self.asked is not None and not one.needed and one.field not in self.asked


def _grouped(inputs: Iterable[Input]) -> list[tuple[str, list[Input]]]:
    return [(group, list(of_group)) for group, of_group in groupby(inputs, key=lambda one: one.group)]
