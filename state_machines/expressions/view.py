"""What expressions see in one decision: the data, the event, the subject and the instant."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Protocol

from state_machines.decision import Event
from state_machines.expressions.bounded.variables import Variable
from state_machines.subject import NOTHING, Subject, split_key
from state_machines.values.instants import format_instant


class Evaluated(Protocol):
    """An expression that has a name."""

    evaluate_raw: Callable[["View"], Any]
    """Gives its value in a view."""


class View:
    """The values of the variables at one point of a decision.

    `subject.seq` is the number of the decision being taken, in all of it; `subject.opened_at` is
    `now` while the subject is being opened.

    Attributes:
        subject, event: what is decided upon.
        event_data: the event's data with the declared defaults.
        data: the subject's data, as they are at this point.
        state: its state, at this point.
        now: the instant of the decision, UTC.
        item: what ``item`` stands for, inside an effect with ``each``.
        names: the expressions that the definition has named.
        names_of: the view in which they are evaluated: while data are being changed, that of the data before.
        found: the values of those that have been asked for.
    """

    __slots__ = (
        "_now_as_text",
        "data",
        "event",
        "event_data",
        "found",
        "item",
        "names",
        "names_of",
        "now",
        "state",
        "subject",
    )

    def __init__(
        self,
        subject: Subject,
        event: Event,
        event_data: Mapping[str, Any],
        data: Mapping[str, Any],
        now: datetime,
        names: Mapping[str, Evaluated] = NOTHING,
    ) -> None:
        self.subject = subject
        self.event = event
        self.event_data = event_data if type(event_data) is dict else dict(event_data)
        self.data = data if type(data) is dict else dict(data)
        self.state = subject.state
        self.now = now
        self._now_as_text: str | None = None
        self.item: Any = None
        self.names = names
        self.names_of = self
        self.found: dict[str, Any] = {}

    @property
    def number(self) -> int:
        """Number of the decision that is being taken: the subject's next `seq`."""
        return self.subject.seq + 1

    @property
    def now_as_text(self) -> str:
        """`now` as JSON has it."""
        if self._now_as_text is None:
            self._now_as_text = format_instant(self.now)
        return self._now_as_text

    @property
    def identity(self) -> str:
        """The subject's key without the name of its lifecycle."""
        return split_key(self.subject.key)[1]

    @property
    def parent(self) -> str | None:
        """Key of the subject that opened this one, or is about to."""
        return self.subject.parent if self.subject.opened_at is not None else self.event.parent

    @property
    def opened_at(self) -> datetime:
        """When it was opened, UTC; `now` while it is."""
        return self.subject.opened_at or self.now

    def named(self, name: str) -> Any:
        """The value of a named expression: found when it is first asked for, and kept among `found`."""
        if name not in self.found:
            self.found[name] = self.names[name].evaluate_raw(self.names_of)
        return self.found[name]

    def changing(self, data: Mapping[str, Any]) -> "View":
        """The view while data are being changed: ``data`` is as far as they are, names as it was found."""
        one = View(self.subject, self.event, self.event_data, data, self.now, self.names)
        one.state, one.found, one.names_of = self.state, self.found, self.names_of
        return one

    def after(self, data: Mapping[str, Any], state: str) -> "View":
        """The view of the same decision once data and state have changed."""
        if data is self.data and state == self.state:
            return self
        later = View(self.subject, self.event, self.event_data, data, self.now, self.names)
        later.state = state
        return later

    def with_item(self, item: Any) -> "View":
        """The same with ``item`` bound, for one round of an effect with ``each``."""
        one = View(self.subject, self.event, self.event_data, self.data, self.now, self.names)
        one.state, one.item = self.state, item
        one.found, one.names_of = self.found, self.names_of
        return one


def values_of(view: View) -> dict[str, Any]:
    """The value of each variable, by name."""
    return {name: attrgetter(one.path.removeprefix("view."))(view) for name, one in VARIABLES.items()}


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "data": Variable("view.data", dict, True),
        "event.actor": Variable("view.event.actor", None, True),
        "event.id": Variable("view.event.id", str, True),
        "event.source": Variable("view.event.source", str, True),
        "event.time": Variable("view.event.time", datetime),
        "event.trigger": Variable("view.event.trigger", str, True),
        "event.data": Variable("view.event_data", dict, True),
        "subject.key": Variable("view.subject.key", str, True),
        "subject.id": Variable("view.identity", str, True),
        "subject.lifecycle": Variable("view.subject.lifecycle", str, True),
        "subject.state": Variable("view.state", str, True),
        "subject.parent": Variable("view.parent", None, True),
        "subject.opened_at": Variable("view.opened_at", datetime),
        "subject.seq": Variable("view.number", int, True),
        "now": Variable("view.now", datetime),
        "item": Variable("view.item", None, True),
    }
)
"""Those that are always there; ``item`` is one where it is bound."""
