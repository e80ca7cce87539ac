"""A lifecycle: a definition compiled to what `decide` needs, once for each version of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from transitions import State

from state_machines.compilation.compilation import Compilation, Watch
from state_machines.compilation.editions import check_edition
from state_machines.compilation.named_expressions import compile_names
from state_machines.compilation.templates import compile_templates
from state_machines.compilation.topics import check_topics_used, redeclared_topics, take_topics
from state_machines.definitions.data_rules import DataRule
from state_machines.definitions.figures import BarometerRule, compile_barometer
from state_machines.definitions.machine import machine_of
from state_machines.definitions.searching import SearchRule, compile_search
from state_machines.definitions.senders import compile_senders
from state_machines.definitions.timeout_rules import compile_timeouts
from state_machines.definitions.transition_rules import TransitionRule, compile_transitions
from state_machines.definitions.ways import Way, ways_of
from state_machines.effects import EffectRule, compile_effects
from state_machines.effects.notice_compiling import check_recalled
from state_machines.effects.retrying import compile_retry
from state_machines.errors import DefinitionError, Problem
from state_machines.expressions.bounded.program import Program
from state_machines.form import source
from state_machines.form.definition import Definition, TimeoutDeclaration, TriggerDeclaration
from state_machines.form.yaml_document import Lines
from state_machines.subject import INITIAL
from state_machines.timeouts import TimeoutRule


@dataclass(frozen=True, eq=False)
class Lifecycle:
    """A definition, ready to decide. Immutable; one may serve any number of threads.

    Attributes:
        definition: what was declared.
        machine: transitions' machine, without a model; driven with an `Attempt`.
        states: names of its states in the order of the definition, without `INITIAL`.
        final_states: those of them in which nothing runs any more.
        triggers: what is declared of every trigger it knows.
        senders: by trigger, the kinds of senders that may send it.
        transitions: all of them, in order.
        ways: these from each of their sources, in order.
        timeouts: all of them by name.
        on_enter, on_exit: effects by state, where there are any.
        possible: by state (and for `INITIAL`), the triggers that have a transition from it, sorted.
        data_rules: the declared data of each trigger.
        defaults: the subject's data when it is opened.
        barometer: what the barometer counts its subjects as, if it does.
        search: what of its subjects is searched.
        names: the programs of the expressions that it has named.
        task_fields: by trigger whose event names a task, the fields of its name and of its queue, if any.
    """

    definition: Definition
    machine: Any
    states: tuple[str, ...]
    final_states: frozenset[str]
    triggers: Mapping[str, TriggerDeclaration]
    senders: Mapping[str, frozenset[str]]
    transitions: tuple[TransitionRule, ...]
    ways: tuple[Way, ...]
    timeouts: Mapping[str, TimeoutRule]
    on_enter: Mapping[str, tuple[EffectRule, ...]]
    on_exit: Mapping[str, tuple[EffectRule, ...]]
    possible: Mapping[str, tuple[str, ...]]
    data_rules: Mapping[str, DataRule]
    defaults: Mapping[str, Any]
    search: SearchRule
    barometer: BarometerRule | None = None
    names: Mapping[str, Program] = field(default_factory=dict)
    task_fields: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The word before the dot in the type of its events."""
        return self.definition.lifecycle

    @property
    def version(self) -> int:
        """Its version, from 1."""
        return self.definition.version

    def declared_timeouts(self) -> dict[str, TimeoutDeclaration]:
        """What is declared of every timeout, by its name."""
        found = dict(self.definition.timeouts)
        for state in self.definition.states:
            found |= state.timeouts
            if (short := state.short_timeout()) is not None:
                found[state.name] = short
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it says, whatever the layout of its text; hexadecimal."""
        said = self.definition.model_dump(mode="json", by_alias=True)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load(text: str, file: str | None = None) -> Lifecycle:
    """The lifecycle that a YAML text defines; compiled once a process, since it never changes.

    Args:
        text: the document, decoded.
        file: its name, for the problems.

    Raises:
        DefinitionError: everything that is wrong with it, with lines.
    """
    return _load(_Source(text, file))


@dataclass(frozen=True, slots=True)
class _Source:
    """What is loaded. The same text by another name is the same lifecycle."""

    text: str
    file: str | None = field(compare=False)


@lru_cache(maxsize=128)
def _load(read: _Source) -> Lifecycle:
    definition, lines = source.parse(read.text, read.file)
    try:
        return compile_definition(definition)
    except DefinitionError as error:
        raise _located(error.problems, lines, read.file) from None


def load_new(text: str, file: str | None = None) -> Lifecycle:
    """As `load`, of a text that is to be registered: what is kept for older ones is refused, too.

    Raises:
        DefinitionError: as `load`; or it declares a topic that is registered.
    """
    lifecycle = load(text, file)
    problems = redeclared_topics(lifecycle.definition)
    if problems:
        raise _located(problems, source.parse(text, file)[1], file)
    return lifecycle


def _located(problems: list[Problem], lines: Lines, file: str | None) -> DefinitionError:
    return DefinitionError(
        [replace(one, line=lines.of(one.field), file=lines.file_of(one.field, file)) for one in problems]
    )


def compile_definition(definition: Definition, watch: Watch | None = None) -> Lifecycle:
    """The lifecycle of a definition; each of its conditions as `watch` gives it, if somebody watches.

    Raises:
        DefinitionError: everything in it that cannot be decided upon: unknown or doubled states,
            unknown triggers and timeouts, timeouts of no or of several forms, texts that are no
            expressions, calendars that are not well formed, notices that must not be.
    """
    declared = {name: TriggerDeclaration() for name in _used_triggers(definition)}
    compilation = Compilation(frozenset(declared), {state.name: state.final for state in definition.states})
    compilation.watch = watch
    _check_states(compilation, definition)
    _take_templates(compilation, definition)
    compilation.retry = compile_retry(compilation, definition.retry, "retry")
    take_topics(compilation, definition)
    check_edition(compilation, definition)
    names = {name: one.program for name, one in compile_names(compilation, definition).items()}
    timeouts = compile_timeouts(compilation, definition)
    transitions, departures = compile_transitions(compilation, definition, timeouts)
    on_enter, on_exit = _effects_of_states(compilation, definition)
    for name in sorted(definition.templates.keys() - compilation.used_templates):
        compilation.problem(f"templates.{name}", "unused-template", f"no notice here uses {name!r}")
    check_topics_used(compilation)
    check_recalled(compilation)
    barometer = compile_barometer(compilation, definition, names)
    senders = compile_senders(compilation, definition, declared)
    if compilation.problems:
        raise DefinitionError(compilation.problems)
    triggers = declared | definition.triggers
    ways = ways_of(departures, timeouts, on_exit, on_enter)
    return Lifecycle(
        definition=definition,
        machine=machine_of([State(name, final=final) for name, final in compilation.states.items()], ways),
        states=tuple(compilation.states),
        final_states=frozenset(name for name, final in compilation.states.items() if final),
        triggers=MappingProxyType(triggers),
        senders=senders,
        transitions=transitions,
        ways=ways,
        timeouts=MappingProxyType(dict(timeouts)),
        on_enter=on_enter,
        on_exit=on_exit,
        possible=_possible(compilation.states, ways),
        data_rules=MappingProxyType({name: DataRule(one.data) for name, one in triggers.items()}),
        defaults={name: one.default for name, one in definition.data.items() if one.default is not None},
        search=compile_search(definition),
        barometer=barometer,
        names=MappingProxyType(names),
        task_fields=_task_fields(triggers),
    )


def _used_triggers(definition: Definition) -> list[str]:
    return list(dict.fromkeys(name for transition in definition.transitions for name in transition.triggers))


def _check_states(compilation: Compilation, definition: Definition) -> None:
    seen: set[str] = set()
    for index, state in enumerate(definition.states):
        if state.name == INITIAL:
            message = f"{INITIAL!r} is the pseudo-state before a subject is opened and cannot be declared"
            compilation.problem(f"states[{index}].name", "reserved-state", message)
        if state.name in seen:
            message = f"there is another state {state.name!r}"
            compilation.problem(f"states[{index}].name", "doubled-state", message)
        seen.add(state.name)
    if not any(INITIAL in transition.source for transition in definition.transitions):
        compilation.problem("transitions", "never-opened", f"no transition has the source {INITIAL!r}")


def _take_templates(compilation: Compilation, definition: Definition) -> None:
    compilation.language = definition.language
    compilation.declared_templates = definition.templates
    compilation.event_fields = {name: frozenset(one.data) for name, one in definition.triggers.items()}
    compilation.templates = compile_templates(compilation, definition)


def _effects_of_states(
    compilation: Compilation, definition: Definition
) -> tuple[Mapping[str, tuple[EffectRule, ...]], Mapping[str, tuple[EffectRule, ...]]]:
    on_enter, on_exit = {}, {}
    for index, state in enumerate(definition.states):
        field = f"states[{index}]"
        if state.on_enter:
            on_enter[state.name] = compile_effects(compilation, state.on_enter, f"{field}.on_enter")
        if state.on_exit:
            on_exit[state.name] = compile_effects(compilation, state.on_exit, f"{field}.on_exit")
    return MappingProxyType(on_enter), MappingProxyType(on_exit)


def _task_fields(triggers: Mapping[str, TriggerDeclaration]) -> Mapping[str, tuple[str, str | None]]:
    found = {}
    for trigger, declared in triggers.items():
        of = {one.format: name for name, one in declared.data.items() if one.format in ("task", "queue")}
        if "task" in of:
            found[trigger] = (of["task"], of.get("queue"))
    return MappingProxyType(found)


def _possible(states: Iterable[str], ways: Iterable[Way]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {state: set() for state in (INITIAL, *states)}
    for way in ways:
        found[way.source].add(way.trigger)
    return MappingProxyType({state: tuple(sorted(triggers)) for state, triggers in found.items()})
