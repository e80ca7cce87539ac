"""What is wrong with a definition, as far as reading it can tell, each problem with its line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from state_machines import catalog
from state_machines.check.calendar_days import hours_by_the_day
from state_machines.check.document import Document, Finding
from state_machines.check.effects import (
    nameless_tasks,
    unknown_emissions,
    unknown_forwarding,
    unknown_openings,
)
from state_machines.check.final_states import final_exits
from state_machines.check.fitting_types import named_operand_types, operand_types, result_types
from state_machines.check.fitting_values import (
    misfit_defaults,
    misfit_emissions,
    misfit_values,
    undeclared_changes,
)
from state_machines.check.known_values import impossible_values
from state_machines.check.literal_texts import forgotten_signs, unfilled_words
from state_machines.check.literals import unreadable_literals
from state_machines.check.missing_data import missing_data, unguarded_data, unset_data
from state_machines.check.naming import missing_languages, unreadable_expressions, unused_names
from state_machines.check.reachability import dead_ends, unreachable_states
from state_machines.check.restless_loops import restless_loops
from state_machines.check.sent_fields import copied_fields, handed_on_fields
from state_machines.check.transitions import shadowed_transitions
from state_machines.check.triggers import (
    demanding_timeouts,
    unanswered_receipts,
    unanswered_timeouts,
    unused_triggers,
)
from state_machines.compilation.topics import redeclared_topics
from state_machines.definitions.lifecycle import compile_definition
from state_machines.errors import DefinitionError, Problem
from state_machines.form.definition import Definition
from state_machines.form.source import parse

__all__ = ["RULES", "check", "hours_by_the_day", "readable"]

Rule = Callable[[Document], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    unreachable_states,
    dead_ends,
    final_exits,
    unused_triggers,
    unanswered_timeouts,
    unanswered_receipts,
    demanding_timeouts,
    shadowed_transitions,
    restless_loops,
    nameless_tasks,
    unknown_openings,
    unknown_emissions,
    unknown_forwarding,
    missing_data,
    unguarded_data,
    unset_data,
    unreadable_literals,
    result_types,
    operand_types,
    named_operand_types,
    impossible_values,
    misfit_values,
    misfit_defaults,
    undeclared_changes,
    misfit_emissions,
    handed_on_fields,
    copied_fields,
    forgotten_signs,
    unfilled_words,
    unreadable_expressions,
    unused_names,
    missing_languages,
)
"""What is asked beyond the form (`source`) and beyond what cannot be compiled (`lifecycle`)."""


def check(
    text: str, file: str | None = None, others: Mapping[str, Definition] | None = None
) -> list[Problem]:
    """Everything that is wrong with the definition in `text`, in the order of its lines.

    Args:
        text: YAML.
        file: its name, for the problems.
        others: definitions that are known besides the catalog's, by name.
    """
    try:
        definition, lines = parse(text, file)
    except DefinitionError as error:
        return error.problems
    document = Document(definition, {**_catalog(), **(others or {})})
    found = [*_refused(definition), *(finding for rule in RULES for finding in rule(document))]
    problems = dict.fromkeys(
        Problem(each.field, each.rule, each.message, lines.of(each.field), lines.file_of(each.field, file))
        for each in found
    )
    return sorted(problems, key=lambda problem: problem.line or 0)


def readable(texts: Iterable[str]) -> Mapping[str, Definition]:
    """Those of these definitions that can be read, by the name of their lifecycle."""
    found: dict[str, Definition] = {}
    for text in texts:
        try:
            definition, _ = parse(text)
        except DefinitionError:
            continue
        found[definition.lifecycle] = definition
    return found


def _refused(definition: Definition) -> list[Finding]:
    """What keeps it from being compiled and registered."""
    problems = redeclared_topics(definition)
    try:
        compile_definition(definition)
    except DefinitionError as error:
        problems = [*problems, *error.problems]
    return [Finding(problem.field, problem.rule, problem.message) for problem in problems]


@cache
def _catalog() -> Mapping[str, Definition]:
    return {name: parse(catalog.source(name), name)[0] for name in catalog.NAMES}
