"""The data of what is sent to another subject: fields that are handed on, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.compilation.arguments import Argument
from state_machines.expressions.view import View
from state_machines.form.effects import EmitCall, OpenCall

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SentData:
    """Fields of our own data, over them those of the event, over these what is said.

    Attributes:
        shared: by the name there, the name in the subject's data; those that it has.
        copied: by the name there, the name in the event's data; those that it brings.
        said: gives the rest.
    """

    shared: Names
    copied: Names
    said: Argument

    def value(self, view: View) -> Any:
        """The object, or whatever else `said` gives. Raises ExpressionError."""
        said = self.said.value(view)
        if not isinstance(said, Mapping):
            return said
        found = _taken(self.shared, view.data)
        found.update(_taken(self.copied, view.event_data))
        found.update(said)
        return found


def compile_sent_data(call: EmitCall | OpenCall, said: Argument) -> Argument:
    """The argument for the data of a call, of which `said` is what stands under `data`."""
    if not call.share and not call.copied:
        return said
    return SentData(tuple(call.share.items()), tuple(call.copied.items()), said)


def _taken(names: Names, held: Mapping[str, Any]) -> dict[str, Any]:
    return {there: held[here] for there, here in names if here in held}
