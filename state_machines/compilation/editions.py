"""What belongs to the second edition of the language, and what it has given up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from state_machines.compilation.compilation import Compilation
from state_machines.form.definition import Definition
from state_machines.form.effects import EffectDeclaration
from state_machines.form.sources import ANY

_MINE = "the second edition of the language; write `edition: 2`"


def check_edition(compilation: Compilation, definition: Definition) -> None:
    """Note what does not belong to the edition that a definition names."""
    if definition.edition == 1:
        for field in _of_the_second(definition):
            compilation.problem(field, "edition", f"belongs to {_MINE}")
        return
    compilation.word_of_conditions = "if"
    compilation.leaves_out = True
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
    yield from (f"data.{name}.type" for name, field in definition.data.items() if field.meaning is not None)
    for name, trigger in definition.triggers.items():
        if trigger.senders:
            yield f"triggers.{name}.from"
        for field, declared in trigger.data.items():
            if declared.meaning is not None:
                yield f"triggers.{name}.data.{field}.type"
    for index, state in enumerate(definition.states):
        for list_name in ("on_enter", "on_exit"):
            yield from _effects(getattr(state, list_name), f"states[{index}].{list_name}")
    if definition.barometer is not None and definition.barometer.share:
        yield "barometer.share"
    known = {state.name for state in definition.states}
    for index, transition in enumerate(definition.transitions):
        if isinstance(transition.trigger, list):
            yield f"transitions[{index}].trigger"
        if transition.change:
            yield f"transitions[{index}].change"
        if ANY in transition.source and ANY not in known:
            yield f"transitions[{index}].source"
        yield from _effects(transition.effects, f"transitions[{index}].effects")


def _effects(effects: Sequence[EffectDeclaration], field: str) -> Iterator[str]:
    for index, effect in enumerate(effects):
        if effect.do is not None:
            yield f"{field}[{index}].do"
        if effect.task is not None and effect.task.repeat is not None:
            yield f"{field}[{index}].task.repeat"
        if effect.notice is not None and effect.notice.name is not None:
            yield f"{field}[{index}].notice.name"
        for word in ("forward", "recall"):
            if getattr(effect, word) is not None:
                yield f"{field}[{index}].{word}"
        for word, call in (("emit", effect.emit), ("open", effect.open)):
            if call is not None:
                yield from (f"{field}[{index}].{word}.{name}" for name in call.brings())
