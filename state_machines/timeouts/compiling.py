"""From the timeouts that a definition declares, in three places, to their rules."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from state_machines.calendars import Calendar
from state_machines.compilation.compilation import Compilation
from state_machines.expressions import Expression
from state_machines.form.definition import Definition, StateDeclaration, TimeoutDeclaration
from state_machines.timeouts.rule import Form, TimeoutRule
from state_machines.values.durations import parse_duration
from state_machines.values.time_errors import TimeError

_ISO_LIKE = re.compile(r"P[0-9T]")
"""No expression of ours begins so: what does is meant as an ISO 8601 duration."""


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
        rules[declared.name] = _compile(compilation, declared, calendars)
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
    if state.timeout is None or state.on_timeout is None:
        missing = "timeout" if state.timeout is None else "on_timeout"
        compilation.problem(f"{field}.{missing}", "timeout-pair", "timeout and on_timeout go together")
        return
    short = TimeoutDeclaration(after=state.timeout, on_timeout=state.on_timeout)
    yield _Declared(state.name, field, short, (state.name,))


def _compile(
    compilation: Compilation, declared: _Declared, calendars: Mapping[str, Calendar | None]
) -> TimeoutRule:
    field, declaration = declared.field, declared.declaration
    short = field.rpartition(".")[2] != declared.name
    compilation.trigger(declaration.on_timeout, f"{field}.on_timeout")
    _check_states(compilation, declared)
    form = _form(compilation, declaration, field)
    value = _value(compilation, form, declaration, f"{field}.{'timeout' if short else form}")
    return TimeoutRule(
        name=declared.name,
        field=field,
        on_timeout=declaration.on_timeout,
        scope=frozenset(declared.scope),
        paused_in=frozenset(declaration.paused_in),
        form=form,
        value=value,
        lead=_duration(compilation, declaration.lead, f"{field}.lead") if declaration.lead else None,
        share=declaration.share,
        calendar=_calendar(compilation, declaration, field, calendars),
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


def _form(compilation: Compilation, declaration: TimeoutDeclaration, field: str) -> Form:
    """The one form that was declared."""
    said = [form for form in Form if getattr(declaration, form.value) is not None]
    if len(said) != 1:
        found = " and ".join(said) or "none"
        compilation.problem(
            field,
            "one-form",
            f"a timeout has exactly one of after, at, before and every; this one has {found}",
        )
        return said[0] if said else Form.AFTER
    leads = [name for name in ("lead", "share") if getattr(declaration, name) is not None]
    if said == [Form.BEFORE] and len(leads) != 1:
        compilation.problem(field, "lead-or-share", "`before` needs exactly one of lead and share")
    if said != [Form.BEFORE] and leads:
        compilation.problem(f"{field}.{leads[0]}", "lead-or-share", "lead and share belong to `before`")
    return said[0]


def _value(
    compilation: Compilation, form: Form, declaration: TimeoutDeclaration, field: str
) -> timedelta | Expression:
    text = getattr(declaration, form.value) or "null"
    if form in (Form.AT, Form.BEFORE):
        return compilation.expression(text, field)
    value = _duration(compilation, text, field)
    if form is Form.EVERY and value == timedelta(0):
        compilation.problem(field, "interval-positive", "an interval must be longer than zero")
    return value


def _duration(compilation: Compilation, text: str, field: str) -> timedelta | Expression:
    """An ISO 8601 duration as written, else an expression that gives one."""
    if _ISO_LIKE.match(text):
        try:
            return parse_duration(text)
        except TimeError as error:
            compilation.time_error(field, error)
            return timedelta(0)
    return compilation.expression(text, field)


def _calendar(
    compilation: Compilation,
    declaration: TimeoutDeclaration,
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
    if name not in calendars:
        compilation.problem(f"{field}.calendar", "unknown-calendar", f"there is no calendar {name!r}")
        return None
    if declaration.every is not None:
        compilation.problem(
            f"{field}.calendar", "calendar-of-every", "`every` ticks by the clock, without a calendar"
        )
    calendar = calendars[name]
    if calendar is not None and calendar.zone is None and declaration.zone is None:
        compilation.problem(
            f"{field}.zone",
            "calendar-zone",
            f"the calendar {name!r} has no zone, so the timeout must say which",
        )
    return calendar
