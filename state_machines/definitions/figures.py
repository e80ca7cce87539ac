"""The figures of a subject: what the barometer counts it as, read from what the subject knows.

A lifecycle may declare them (`barometer` in its definition). They follow from the subject alone, never from
the event or the instant of a decision: the ledger replayed gives the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from state_machines.compilation.compilation import Compilation
from state_machines.compilation.named_expressions import behind
from state_machines.decision import Event
from state_machines.errors import DecisionError
from state_machines.expressions import ABSENT, Expression, references
from state_machines.expressions.bounded.program import Program
from state_machines.expressions.view import View
from state_machines.form.definition import Definition
from state_machines.subject import NOTHING, Subject
from state_machines.values.figures import Figures
from state_machines.values.instants import parse_instant
from state_machines.values.json_values import kind
from state_machines.values.time_errors import TimeError

DIMENSIONS = ("kind", "team", "cause", "part", "channel", "case")
"""What figures are grouped by: texts, or null where a subject has none."""
_INSTANTS = ("at", "settled_at")
_NO_EVENT = Event("", "", "", datetime.min.replace(tzinfo=UTC))
_Text = str | None
_Dimensions = tuple[_Text, _Text, _Text, _Text, _Text, _Text]
_LONGEST = 200
"""Characters of a dimension: a longer one is a sentence and groups nothing."""


@dataclass(frozen=True, slots=True)
class BarometerRule:
    """A lifecycle's declaration of its figures, compiled."""

    expressions: Mapping[str, Expression]
    names: Mapping[str, Program]

    def read(self, subject: Subject) -> Figures:
        """The figures of a subject that has been opened.

        Raises:
            ExpressionError: an expression failed on its data.
            DecisionError: an expression gives something that is no figure.
        """
        view = View(subject, _NO_EVENT, NOTHING, subject.data, _NO_EVENT.time, self.names)
        values = {name: one.evaluate(view) for name, one in self.expressions.items()}
        found = {name: value for name, value in values.items() if value is not ABSENT}
        opened = subject.opened_at
        assert opened is not None
        settled = self._instant("settled_at", found)
        return Figures(
            self._instant("at", found) or opened,
            self._word("outcome", found) or "",
            *self._dimensions(found),
            None if settled is None else max(0, int((settled - opened).total_seconds() // 60)),
            self._number("count", found),
        )

    def _dimensions(self, found: Mapping[str, Any]) -> _Dimensions:
        kind, team, cause, part, channel, case = (self._word(name, found) for name in DIMENSIONS)
        return kind, team, cause, part, channel, case

    def _instant(self, name: str, found: Mapping[str, Any]) -> datetime | None:
        value = found.get(name)
        if value is None or isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except TimeError as error:
            raise DecisionError(f"barometer.{name}", error.rule, error.message) from None

    def _word(self, name: str, found: Mapping[str, Any]) -> str | None:
        value = found.get(name)
        if value is None and name != "outcome":
            return None
        if not isinstance(value, str):
            raise self._misfit(name, "a text", value)
        return value[:_LONGEST]

    def _number(self, name: str, found: Mapping[str, Any]) -> int | None:
        value = found.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**31:
            raise self._misfit(name, "a number from 0", value)
        return int(value)

    def _misfit(self, name: str, wanted: str, value: Any) -> DecisionError:
        return DecisionError(f"barometer.{name}", "figure", f"must give {wanted}, not {kind(value)}")


def compile_barometer(
    compilation: Compilation, definition: Definition, names: Mapping[str, Program]
) -> BarometerRule | None:
    """The rule of a definition's declaration, if it has one; problems go to the compilation."""
    declared = definition.barometer
    if declared is None:
        return None
    expressions: dict[str, Expression] = {}
    for name, text in declared.texts().items():
        field = f"barometer.{name}"
        for strange in dict.fromkeys(one for part in behind(definition, text) for one in _strangers(part)):
            compilation.problem(field, "not-of-the-subject", f"sees data and subject only, not {strange}")
        expressions[name] = compilation.expression(text, field, may_be_absent=True)
    return BarometerRule(expressions, names)


def _strangers(text: str) -> list[str]:
    """Names in it that are not of the subject alone."""
    return [
        str(one)
        for one in references(text)
        if one.path[0] in ("event", "now", "item") or one.path == ("subject", "seq")
    ]
