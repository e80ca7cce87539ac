"""The expressions that a definition names, under `let` and `guards`, and the types that its data have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from state_machines.compilation.compilation import Compilation
from state_machines.expressions import Expression
from state_machines.expressions.references import ROOTS, tokens
from state_machines.expressions.scope import Scope
from state_machines.form.definition import Definition
from state_machines.form.fields import FieldDeclaration

_OF_CEL = (
    "true false null in as break const continue else for function if import let loop package namespace "
    "return var void while int uint double bool string bytes list map null_type type dyn"
)
_RESERVED = ROOTS | set(_OF_CEL.split())
_TYPE = re.compile(r"[A-Z]+")


def compile_names(compilation: Compilation, definition: Definition) -> Mapping[str, Expression]:
    """The named expressions by name; from here on all others see them. Problems go to the compilation.

    Each may use others, in whatever order they stand.
    """
    compilation.scope = Scope(
        instants=frozenset(typed(definition, "instant")), durations=frozenset(typed(definition, "duration"))
    )
    texts = named_texts(definition)
    for field in texts:
        _check_name(compilation, definition, field)
    found: dict[str, Expression] = {}
    waiting = {field.partition(".")[2]: (field, text) for field, text in texts.items()}
    while waiting:
        ready = [name for name, (_, text) in waiting.items() if not words_of(text) & waiting.keys()]
        if not ready:
            for name, (field, _) in waiting.items():
                others = ", ".join(sorted(words_of(waiting[name][1]) & waiting.keys()))
                compilation.problem(
                    field, "named-by-itself", f"{name!r} is found by way of {others}, and so on"
                )
            break
        for name in ready:
            field, text = waiting.pop(name)
            take = compilation.condition if field.startswith("guards.") else compilation.expression
            found[name] = take(text.removeprefix("="), field)
        compilation.scope = replace(
            compilation.scope,
            names=tuple((name, _type_of(found[name]), found[name].program) for name in sorted(found)),
        )
    return found


def named_texts(definition: Definition) -> dict[str, str]:
    """What is said under `let` and `guards`, by where it stands: ``guards.is_late``."""
    return {
        **{f"let.{name}": text for name, text in definition.let.items()},
        **{f"guards.{name}": guard.condition for name, guard in definition.guards.items()},
    }


def words_of(text: str) -> set[str]:
    """The names in an expression that are no fields of something."""
    words = tokens(text)
    return {
        word.text
        for before, word in zip((None, *words), words, strict=False)
        if word.kind == "name" and (before is None or before.text not in (".", ".?"))
    }


def behind(definition: Definition, text: str) -> Iterator[str]:
    """An expression, and those behind the names in it: all that is evaluated with it."""
    known = {field.partition(".")[2]: said for field, said in named_texts(definition).items()}
    waiting, seen = [text], set[str]()
    while waiting:
        one = waiting.pop()
        yield one
        names = (words_of(one) & known.keys()) - seen
        seen |= names
        waiting += [known[name].removeprefix("=") for name in sorted(names)]


def typed(definition: Definition, meaning: str) -> Iterator[str]:
    """Paths of the data that are declared as instants or lengths of time.

    A field of an event is one if every trigger that declares it says so.
    """
    for name, field in definition.data.items():
        if field.meaning == meaning:
            yield f"data.{name}"
    brought: dict[str, list[FieldDeclaration]] = {}
    for trigger in definition.triggers.values():
        for name, field in trigger.data.items():
            brought.setdefault(name, []).append(field)
    for name, fields in brought.items():
        if all(field.meaning == meaning for field in fields):
            yield f"event.data.{name}"


def _check_name(compilation: Compilation, definition: Definition, field: str) -> None:
    name = field.partition(".")[2]
    if name in _RESERVED:
        compilation.problem(field, "reserved-name", f"{name!r} is a word of the expressions themselves")
    elif field.startswith("guards.") and name in definition.let:
        compilation.problem(field, "doubled-name", f"{name!r} stands under `let` already")


def _type_of(expression: Expression) -> str:
    found = _TYPE.match(expression.result)
    return found.group() if found else "DYN"
