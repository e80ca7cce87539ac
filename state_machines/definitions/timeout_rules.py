"""From the timeouts that a definition declares, in three places, to their rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.calendars import Calendar
from state_machines.compilation.compilation import Compilation
from state_machines.expressions import Expression
from state_machines.form.definition import Definition, StateDeclaration, TimeoutDeclaration
from state_machines.timeouts.kinds.table import KINDS
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.values.time_errors import TimeError

WORKING_DAYS = 3
"""The edition from which on days and weeks in a calendar are its own; before, a day was 24 business hours."""


@dataclass(frozen=True, slots=True)
class _Declared:
    name: str
    field: str
    declaration: TimeoutDeclaration
    scope: tuple[str, ...]


def compile_timeouts(compilation: Compilation, definition: Definition) -> Mapping[str, TimeoutRule]:
    """The rules of all timeouts by name; problems go to the compilation."""
    calendars = _calendars(compilation, definition)
    rules: dict[str, TimeoutRule] = {}
    for declared in _declared(compilation, definition):
        if declared.name in rules:
            compilation.problem(
                declared.field,
                "doubled-timeout",
                f"there is another timeout {declared.name!r}; names are for one each",
            )
            continue
        rules[declared.name] = _compile(compilation, declared, calendars, definition.edition)
        _check_answer(compilation, declared, definition)
    return rules


def _calendars(compilation: Compilation, definition: Definition) -> Mapping[str, Calendar | None]:
    """The calendars by name; None for one that is not well formed, since it exists all the same."""
    calendars: dict[str, Calendar | None] = {}
    for name, source in definition.calendars.items():
        try:
            calendars[name] = Calendar.from_mapping(source)
        except TimeError as error:
            compilation.time_error(f"calendars.{name}", error)
            calendars[name] = None
    return calendars


def _declared(compilation: Compilation, definition: Definition) -> Iterator[_Declared]:
    unfinished = tuple(name for name, final in compilation.states.items() if not final)
    for name, declaration in definition.timeouts.items():
        yield _Declared(name, f"timeouts.{name}", declaration, tuple(declaration.states) or unfinished)
    for index, state in enumerate(definition.states):
        yield from _of_state(compilation, state, f"states[{index}]")


def _of_state(compilation: Compilation, state: StateDeclaration, field: str) -> Iterator[_Declared]:
    for name, declaration in state.timeouts.items():
        if declaration.states not in ([], [state.name]):
            message = f"a timeout of {state.name!r} runs in that state; for others put it under `timeouts`"
            compilation.problem(f"{field}.timeouts.{name}.in", "timeout-scope", message)
        yield _Declared(name, f"{field}.timeouts.{name}", declaration, (state.name,))
    if state.timeout is None and state.on_timeout is None:
        return
    short = state.short_timeout()
    if short is None:
        missing = "timeout" if state.timeout is None else "on_timeout"
        compilation.problem(f"{field}.{missing}", "timeout-pair", "timeout and on_timeout go together")
        return
    yield _Declared(state.name, field, short, (state.name,))


def _compile(
    compilation: Compilation,
    declared: _Declared,
    calendars: Mapping[str, Calendar | None],
    edition: int,
) -> TimeoutRule:
    field, declaration = declared.field, declared.declaration
    short = field.rpartition(".")[2] != declared.name
    compilation.trigger(declaration.on_timeout, f"{field}.on_timeout", "timer")
    _check_states(compilation, declared)

    def place(name: str) -> str:
        return f"{field}.{'timeout' if short else name}" if name else field

    working_days = declaration.calendar is not None and edition >= WORKING_DAYS
    compilation.texts_of_lengths = working_days
    kind = _kind(compilation, declaration, field)
    compiled = kind.compile(compilation, declaration, place)
    compilation.texts_of_lengths = False
    return TimeoutRule(
        name=declared.name,
        field=field,
        on_timeout=declaration.on_timeout,
        scope=frozenset(declared.scope),
        paused_in=frozenset(declaration.paused_in),
        kind=compiled,
        calendar=_calendar(compilation, declaration, kind, field, calendars),
        calendar_of=_calendar_of(compilation, declaration, field, edition),
        working_days=working_days,
        zone=compilation.expression(declaration.zone, f"{field}.zone") if declaration.zone else None,
        when=compilation.condition(declaration.when, f"{field}.when") if declaration.when else None,
    )


def _check_states(compilation: Compilation, declared: _Declared) -> None:
    for index, name in enumerate(declared.scope):
        place = f"{declared.field}.in[{index}]"
        compilation.state(name, place)
        if compilation.states.get(name):
            compilation.problem(place, "timeout-in-final-state", f"nothing runs in the final state {name!r}")
    for index, name in enumerate(declared.declaration.paused_in):
        if name not in declared.scope:
            message = f"{name!r} is none of the states in which it runs"
            compilation.problem(f"{declared.field}.paused_in[{index}]", "pause-outside-scope", message)


def _check_answer(compilation: Compilation, declared: _Declared, definition: Definition) -> None:
    trigger = definition.triggers.get(declared.declaration.on_timeout)
    needed = [name for name, one in trigger.data.items() if one.required] if trigger else []
    if needed:
        message = f"a timer brings no data, but its trigger requires {', '.join(needed)}"
        compilation.problem(f"{declared.field}.on_timeout", "timer-without-data", message)


def _kind(compilation: Compilation, declaration: TimeoutDeclaration, field: str) -> type[Kind[Any]]:
    """The one kind that was declared."""
    said = [kind for kind in KINDS if getattr(declaration, kind.name) is not None]
    if len(said) != 1:
        found = " and ".join(kind.name for kind in said) or "none"
        message = (
            f"a timeout has exactly one of {_listed([kind.name for kind in KINDS])}; this one has {found}"
        )
        compilation.problem(field, "one-form", message)
        return said[0] if said else KINDS[0]
    for kind in KINDS:
        further = [name for name in kind.declaration.model_fields if name != kind.name]
        strays = [name for name in further if getattr(declaration, name) is not None]
        if strays and kind is not said[0]:
            verb = "belongs" if len(further) == 1 else "belong"
            message = f"{_listed(further)} {verb} to `{kind.name}`"
            compilation.problem(f"{field}.{strays[0]}", kind.further_rule, message)
    return said[0]


def _listed(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _calendar(
    compilation: Compilation,
    declaration: TimeoutDeclaration,
    kind: type[Kind[Any]],
    field: str,
    calendars: Mapping[str, Calendar | None],
) -> Calendar | None:
    name = declaration.calendar
    if name is None:
        if declaration.zone is not None:
            compilation.problem(
                f"{field}.zone", "zone-without-calendar", "a zone is that of a calendar; name one"
            )
        return None
    if not kind.takes_calendar:
        compilation.problem(
            f"{field}.calendar",
            f"calendar-of-{kind.name.replace('_', '-')}",
            f"`{kind.name}` ticks by the clock, without a calendar",
        )
    if name.startswith("="):
        return None
    if name not in calendars:
        compilation.problem(f"{field}.calendar", "unknown-calendar", f"there is no calendar {name!r}")
        return None
    calendar = calendars[name]
    if calendar is not None and calendar.zone is None and declaration.zone is None:
        compilation.problem(
            f"{field}.zone",
            "calendar-zone",
            f"the calendar {name!r} has no zone, so the timeout must say which",
        )
    return calendar


def _calendar_of(
    compilation: Compilation, declaration: TimeoutDeclaration, field: str, edition: int
) -> Expression | None:
    """The expression for a calendar, where one is given."""
    text = declaration.calendar
    if text is None or not text.startswith("="):
        return None
    if edition < WORKING_DAYS:
        compilation.problem(
            f"{field}.calendar", "edition", "a calendar by an expression belongs to the third edition"
        )
    return compilation.expression(text[1:], f"{field}.calendar")
