"""Signed links of a notice: what their page asks and what the answer becomes, decided with the notice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from state_machines.compilation.arguments import Argument
from state_machines.effects.values import object_of, text_of
from state_machines.effects.words import Values, Words
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import NOTHING, is_key
from state_machines.templates import Reader
from state_machines.templates.filters import Unspeakable, moment_text, window_text
from state_machines.values.durations import parse_duration
from state_machines.values.instants import format_instant, shifted
from state_machines.values.json_values import kind
from state_machines.values.time_errors import TimeError

_PATH = re.compile(r"/(?:[^/\s\\][^\s\\]*)?")
MOST_CHOICES = 50
"""More than a person reads; a list that is longer is a fault of the definition."""


class LinkWay(Protocol):
    """Makes one link of a notice."""

    def make(self, view: View, to: Any, values: Values) -> Mapping[str, Any]:
        """What is kept of it in the notice, JSON; empty where there is none."""


@dataclass(frozen=True, slots=True)
class PageMaker:
    """Makes a link to a page of the installation: whoever opens it shows there who they are."""

    field: str
    path: Argument

    def make(self, view: View, to: Any, values: Values) -> Mapping[str, Any]:
        """Its path, or nothing. Raises DecisionError for what is no path."""
        path = self.path.value(view)
        if path is None or path == "":
            return NOTHING
        if not isinstance(path, str) or _PATH.fullmatch(path) is None:
            message = "is no path of a page, which begins with one / and has no blanks"
            raise DecisionError(f"{self.field}.page", "path", message)
        return {"page": path}


@dataclass(frozen=True, slots=True)
class LinkMaker:
    """Makes one link.

    Attributes:
        field: where it is declared.
        trigger: the trigger of the event that the answer becomes.
        subject: gives the key of whose event that is, or None: of the subject whose notice it is.
        receiver: field of that event in which whoever the notice is sent to stands, or None.
        data: what the event brings in any case.
        choices: gives what may be chosen, or None.
        ask: the fields of its form, as JSON.
        expires: how long it may be followed: a length, or what gives one.
        words: title, words and labels of its page.
    """

    field: str
    trigger: str
    subject: Argument | None
    receiver: str | None
    data: Argument
    choices: Expression | None
    ask: Mapping[str, Any]
    expires: Expression | timedelta
    words: Words

    def make(self, view: View, to: Any, values: Values) -> Mapping[str, Any]:
        """What is kept of it in the notice, JSON: the page is rendered from this alone; empty: of nobody's.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: a value cannot be what it must be.
        """
        subject = None if self.subject is None else self.subject.value(view)
        if self.subject is not None and not subject:
            return NOTHING
        if subject is not None and not (isinstance(subject, str) and is_key(subject)):
            message = "is no key of a subject, such as callback:17"
            raise DecisionError(f"{self.field}.subject", "key", message)
        said = self.words.say(view, to, values)
        made: dict[str, Any] = {
            "trigger": self.trigger,
            "title": said.title,
            "words": said.words,
            "language": said.reader.language,
            "expires_at": format_instant(self._expiry(view)),
        }
        data = dict(object_of(self.data.value(view), self.field, "data"))
        if self.receiver is not None:
            data[self.receiver] = to
        zone = (
            said.reader.zone_name
            if any(one.get("format") == "date-time" for one in self.ask.values())
            else ""
        )
        for name, value in (
            ("data", data),
            ("subject", subject),
            ("receiver", self.receiver),
            ("zone", zone),
            ("choices", self._choices(view, said.reader)),
            ("ask", self.ask),
            ("labels", said.labels),
        ):
            if value:
                made[name] = value
        return made

    def _expiry(self, view: View) -> Any:
        length = self.expires
        try:
            if isinstance(length, Expression):
                length = parse_duration(text_of(length.evaluate_json(view), self.field, "expires"))
            return shifted(view.now, length)
        except TimeError as error:
            raise DecisionError(f"{self.field}.expires", error.rule, error.message) from None

    def _choices(self, view: View, reader: Reader) -> list[Mapping[str, Any]]:
        if self.choices is None:
            return []
        field = f"{self.field}.choices"
        items = self.choices.evaluate_json(view)
        if not isinstance(items, list) or not items:
            raise DecisionError(field, "no-choices", f"must be a list that is not empty, not {kind(items)}")
        if len(items) > MOST_CHOICES:
            raise DecisionError(field, "too-many", f"{len(items)} choices; at most {MOST_CHOICES}")
        return [_choice(one, reader, f"{field}[{n}]") for n, one in enumerate(items)]


def _choice(item: Any, reader: Reader, field: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping) or not isinstance(item.get("data", {}), Mapping):
        message = "a choice is an object with data, and with label, or from and to, or at"
        raise DecisionError(field, "choice-form", message)
    return {"label": _label(item, reader, field), "data": item.get("data", {})}


def _label(item: Mapping[str, Any], reader: Reader, field: str) -> str:
    label = item.get("label")
    if isinstance(label, str) and label.strip():
        return label
    try:
        return moment_text(reader, item["at"]) if "at" in item else window_text(reader, item)
    except Unspeakable as error:
        message = f"a choice needs a label, from and to, or at: {error}"
        raise DecisionError(field, "choice-form", message) from None
