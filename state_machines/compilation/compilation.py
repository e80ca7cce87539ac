"""One pass over a definition, which goes on after a fault so that all of them are said at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from state_machines.errors import ExpressionError, Problem
from state_machines.expressions import Expression, compile_expression
from state_machines.expressions.scope import PLAIN
from state_machines.form.wording import Wordings
from state_machines.notices.channels import CHANNELS
from state_machines.notices.topics import TOPICS, Topic
from state_machines.subject import NOTHING
from state_machines.values.time_errors import TimeError

if TYPE_CHECKING:
    from state_machines.templates import Template


_HANDED_ON = re.compile(r"(data|event\.data)\.\??[a-z][a-z0-9_]*(\.orValue\(('[^']*'|\"[^\"]*\")\))?")
"""A field, or what stands for one that is not there: nothing is reckoned with it."""

Watch = Callable[[Expression], Expression]
"""Gives the condition that is compiled in the place of another one, and answers as that does."""


class Compilation:
    """Collects what is wrong while the parts of a definition are compiled.

    Attributes:
        problems: what was found so far. What a faulty part compiles to is never used, since a
            definition with problems is refused as a whole.
        word_of_conditions: what the definition's edition calls them.
        leaves_out: whether a field whose value leads nowhere is left out, as in the second edition.
        texts_of_lengths: whether lengths of time are wanted as they were written; see `length`.
        scope: what its expressions see besides the fixed variables.
        triggers: the triggers that the definition knows.
        given: by trigger, who sends it because the definition says so: its timers, its tasks, its links.
        states: its states by name, with whether they are final.
        language: the definition's own.
        event_fields: by trigger, the names of the data that its event is declared to bring.
        declared_templates: what the definition says of its templates, by name.
        templates: those of them that can be used.
        used_templates: names of those that a notice or a link uses.
        retry: how effects are tried again that do not say so themselves; as plain JSON.
        declared_topics: what the definition itself lets notices be about, by name.
        registered_topics: what every definition may.
        used_topics: names of those that a notice is about.
        named_notices: what notices say as their `name`, a text or an expression.
        recalled: field and what it says of each effect that recalls notices by their name.
        watch: what becomes of each condition where somebody wants to know what it answers; None: nothing.
    """

    def __init__(
        self, triggers: frozenset[str] = frozenset(), states: Mapping[str, bool] | None = None
    ) -> None:
        self.problems: list[Problem] = []
        self.scope = PLAIN
        self.word_of_conditions = "conditions"
        self.leaves_out = False
        self.texts_of_lengths = False
        self.triggers = triggers
        self.given: dict[str, set[str]] = {}
        self.states: Mapping[str, bool] = states or {}
        self.language = "en"
        self.event_fields: Mapping[str, frozenset[str]] = {}
        self.declared_templates: Mapping[str, Wordings] = {}
        self.templates: Mapping[str, Template] = {}
        self.used_templates: set[str] = set()
        self.retry: Mapping[str, Any] = NOTHING
        self.declared_topics: Mapping[str, Topic] = {}
        self.registered_topics: Mapping[str, Topic] = TOPICS.close()
        self.used_topics: set[str] = set()
        self.named_notices: set[str] = set()
        self.recalled: list[tuple[str, str]] = []
        self.watch: Watch | None = None
        CHANNELS.close()

    def problem(self, field: str, rule: str, message: str) -> None:
        """Note one thing that is wrong."""
        self.problems.append(Problem(field, rule, message))

    def expression(
        self, text: str, field: str, *, item: bool = False, may_be_absent: bool = False
    ) -> Expression:
        """Compile an expression; one that `may_be_absent` stands where it can be left out."""
        leaves_out = may_be_absent and self.leaves_out
        try:
            return compile_expression(text, field, self.scope.with_item(item), may_be_absent=leaves_out)
        except ExpressionError as error:
            self.problem(field, "expression", _without_field(error))
            return Expression(text, field, "DYN")

    def length(self, text: str, field: str) -> Expression:
        """Compile an expression for a length of time.

        Where `texts_of_lengths`, a declared length that it only hands on stays the text that it is, so that
        its days are known; one that reckons with it gives a length of time as everywhere.
        """
        if not (self.texts_of_lengths and self.scope.durations and _HANDED_ON.fullmatch(text)):
            return self.expression(text, field)
        scope, self.scope = self.scope, replace(self.scope, durations=frozenset())
        try:
            return self.expression(text, field)
        finally:
            self.scope = scope

    def condition(self, text: str, field: str, *, item: bool = False) -> Expression:
        """Compile an expression that must give true or false."""
        expression = self.expression(text, field, item=item)
        if expression.result not in ("BOOL", "DYN"):
            self.problem(
                field, "not-boolean", f"{text!r} gives {expression.result.lower()}, not true or false"
            )
        return expression if self.watch is None else self.watch(expression)

    def trigger(self, name: str | None, field: str, sender: str) -> None:
        """Check that a trigger exists here, which this kind of sender gives."""
        if name is None:
            return
        if name not in self.triggers:
            self.problem(field, "unknown-trigger", f"no transition here has the trigger {name!r}")
        self.given.setdefault(name, set()).add(sender)

    def state(self, name: str, field: str) -> None:
        """Check that a state exists here."""
        if name not in self.states:
            self.problem(field, "unknown-state", f"there is no state {name!r}")

    def topic(self, name: str) -> Topic | None:
        """What a notice is about that names this; None where nobody declares or registers it."""
        self.used_topics.add(name)
        return self.declared_topics.get(name) or self.registered_topics.get(name)

    def time_error(self, field: str, error: TimeError) -> None:
        """Note what the arithmetic of time refused."""
        self.problem(f"{field}.{error.field}" if error.field else field, error.rule, error.message)


def _without_field(error: ExpressionError) -> str:
    text = str(error)
    return text.removeprefix(f"{error.field}: ") if error.field else text
