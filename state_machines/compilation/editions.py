"""What belongs to the second edition of the language, and what it has given up."""

from __future__ import annotations

from collections.abc import Iterator

from state_machines.compilation.compilation import Compilation
from state_machines.form.definition import Definition

_MINE = "the second edition of the language; write `edition: 2`"


def check_edition(compilation: Compilation, definition: Definition) -> None:
    """Note what does not belong to the edition that a definition names."""
    if definition.edition == 1:
        for field in _of_the_second(definition):
            compilation.problem(field, "edition", f"belongs to {_MINE}")
        return
    compilation.word_of_conditions = "if"
    for index, transition in enumerate(definition.transitions):
        if isinstance(transition.set, str):
            compilation.problem(
                f"transitions[{index}].set",
                "whole-set",
                "the second edition sets fields one by one; what takes several steps stands under `change`",
            )


def _of_the_second(definition: Definition) -> Iterator[str]:
    for name in ("let", "guards"):
        if getattr(definition, name):
            yield name
    for index, transition in enumerate(definition.transitions):
        if transition.change:
            yield f"transitions[{index}].change"
    for name, field in definition.data.items():
        if field.meaning is not None:
            yield f"data.{name}.type"
    for name, trigger in definition.triggers.items():
        if trigger.senders:
            yield f"triggers.{name}.from"
