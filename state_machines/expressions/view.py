"""What expressions see in one decision: the data, the event, the subject and the instant."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from state_machines.decision import Event
from state_machines.subject import NOTHING, Subject, split_key


class Evaluated(Protocol):
    """An expression that has a name."""

    def value_in(self, view: "View") -> Any:
        """Its value."""


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
    """

    __slots__ = (
        "_found",
        "_names_of",
        "data",
        "event",
        "event_data",
        "item",
        "names",
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
        self.event_data = event_data
        self.data = data
        self.state = subject.state
        self.now = now
        self.item: Any = None
        self.names = names
        self._names_of = self
        self._found: dict[str, Any] = {}

    @property
    def number(self) -> int:
        """Number of the decision that is being taken: the subject's next `seq`."""
        return self.subject.seq + 1

    @property
    def parent(self) -> str | None:
        """Key of the subject that opened it, if one did; while it is opened, as the event says."""
        return self.subject.parent if self.subject.opened_at is not None else self.event.parent

    def named(self, name: str) -> Any:
        """The value of a named expression: found when it is first asked for, and kept."""
        of = self._names_of
        if name not in of._found:
            of._found[name] = of.names[name].value_in(of)
        return of._found[name]

    def changing(self, data: Mapping[str, Any]) -> "View":
        """The view while data are being changed: ``data`` is as far as they are, names as it was found."""
        one = View(self.subject, self.event, self.event_data, data, self.now, self.names)
        one.state, one._names_of = self.state, self._names_of
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
        one.state, one.item, one._names_of = self.state, item, self._names_of
        return one


def _dict(values: Mapping[str, Any]) -> dict[str, Any]:
    return values if isinstance(values, dict) else dict(values)


VALUES: Mapping[str, Callable[[View], Any]] = MappingProxyType(
    {
        "data": lambda view: _dict(view.data),
        "event.id": lambda view: view.event.id,
        "event.source": lambda view: view.event.source,
        "event.time": lambda view: view.event.time,
        "event.trigger": lambda view: view.event.trigger,
        "event.data": lambda view: _dict(view.event_data),
        "subject.key": lambda view: view.subject.key,
        "subject.id": lambda view: split_key(view.subject.key)[1],
        "subject.lifecycle": lambda view: view.subject.lifecycle,
        "subject.state": lambda view: view.state,
        "subject.parent": lambda view: view.parent,
        "subject.opened_at": lambda view: view.subject.opened_at or view.now,
        "subject.seq": lambda view: view.number,
        "now": lambda view: view.now,
        "item": lambda view: view.item,
    }
)
"""How the value of each variable is found; ``item`` is one where it is bound."""
