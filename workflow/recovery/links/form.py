"""What a link's page sends back, read against what it asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state_machines.definitions.data_rules import DataRule
from state_machines.errors import Problem
from state_machines.form.fields import FieldDeclaration
from state_machines.templates import reader_of
from state_machines.templates.filters import moment_text
from state_machines.values.instants import format_instant, localize, parse_instant
from state_machines.values.time_errors import TimeError

CHOICE = "choice"
"""Name of the form's field that holds the place of the chosen item."""
LONGEST_TEXT = 2000
"""Characters of an answer in words, where the definition sets no other limit."""

_FEW = 10
"""Whole numbers up to so far apart are offered one by one."""
_TRUTHS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a page's form.

    Attributes:
        name: the field's, in the event.
        question: what people read.
        needed: whether it may not be left out.
        options: (value, text) of each of few answers; empty: it is written.
        whole: whether what is written must be a whole number.
        moment: whether it is a day and a time, by the clock of the link's `zone`.
        longest: characters of what is written.
    """

    name: str
    question: str
    needed: bool
    options: tuple[tuple[str, str], ...]
    whole: bool
    moment: bool
    longest: int


def asked_by(link: Mapping[str, Any], yes: str, no: str) -> list[Asked]:
    """The fields of a link's form, in the order of its definition."""
    labels = link.get("labels", {})
    return [
        Asked(
            name,
            labels.get(name) or one.description or name,
            one.required,
            _options(one, yes, no),
            one.type == "integer",
            one.format == "date-time",
            one.max_length or LONGEST_TEXT,
        )
        for name, one in _declared(link).items()
    ]


def _declared(link: Mapping[str, Any]) -> dict[str, FieldDeclaration]:
    return {name: FieldDeclaration.model_validate(one) for name, one in link.get("ask", {}).items()}


def _options(declared: FieldDeclaration, yes: str, no: str) -> tuple[tuple[str, str], ...]:
    if declared.type == "boolean":
        return (("yes", yes), ("no", no))
    if declared.enum is not None:
        return tuple((str(value), str(value)) for value in declared.enum)
    low, high = declared.minimum, declared.maximum
    if declared.type == "integer" and low is not None and high is not None and high - low <= _FEW:
        return tuple((str(value), str(value)) for value in range(int(low), int(high) + 1))
    return ()


class Incomplete(Exception):
    """Something is missing or does not fit; `problems` by field."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def answer_data(link: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The data of the event that a sent form becomes. What was not asked is passed over.

    Raises:
        Incomplete: nothing is chosen, or a field breaks its declaration.
    """
    data = dict(link.get("data", {}))
    choices = link.get("choices")
    if choices:
        data |= _chosen(choices, form.get(CHOICE, ""))
    asked = _declared(link)
    where = str(link.get("zone") or "UTC")
    said = {
        name: _read(one, form[name].strip(), where)
        for name, one in asked.items()
        if form.get(name, "").strip()
    }
    limited = {
        name: one.model_copy(update={"max_length": one.max_length or LONGEST_TEXT})
        if one.type == "string"
        else one
        for name, one in asked.items()
    }
    problems = DataRule(limited).problems(said)
    if problems:
        raise Incomplete(problems)
    return data | said


def answer_text(link: Mapping[str, Any], name: str, value: Any, yes: str, no: str) -> str:
    """A given answer as its reader writes it: a day and a time by their clock, yes and no in their words."""
    if isinstance(value, bool):
        return yes if value else no
    if not isinstance(value, str) or link["ask"][name].get("format") != "date-time":
        return str(value)
    try:
        reader = {"zone": str(link.get("zone") or "UTC"), "language": link["language"]}
        return moment_text(reader_of(reader, link["language"], parse_instant(value)), value)
    except TimeError:
        return value


def _chosen(choices: list[Mapping[str, Any]], place: str) -> Mapping[str, Any]:
    if not (place.isascii() and place.isdigit() and len(place) < 4 and int(place) < len(choices)):
        raise Incomplete([Problem(f"data.{CHOICE}", "required", "nothing is chosen")])
    data: Mapping[str, Any] = choices[int(place)]["data"]
    return data


def _read(declared: FieldDeclaration, text: str, zone: str) -> Any:
    """The value that a form's text means; one that means none stays a text, and is refused as that."""
    if declared.format == "date-time":
        return _instant(text, zone)
    if declared.type == "integer":
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else text
    if declared.type == "boolean":
        return _TRUTHS.get(text, text)
    return text.replace("\r\n", "\n")


def _instant(text: str, where: str) -> str:
    """A browser says day and time without a zone: they are those of a clock on the reader's wall."""
    try:
        written = datetime.fromisoformat(text)
        return format_instant(written if written.tzinfo is not None else localize(written, where, "earlier"))
    except (ValueError, TimeError):
        return text
