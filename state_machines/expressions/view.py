"""What expressions see in one decision: the data, the event, the subject and the instant."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from state_machines.decision import Event
from state_machines.expressions.environment import runtime_environment
from state_machines.subject import Subject, split_key


class View:
    """The values of the variables at one point of a decision.

    They are handed to CEL when an expression first needs it, all that the lifecycle names at once:
    each handing-over costs some two microseconds and turns the data into CEL's own values.

    `subject.seq` is the number of the decision being taken, in all of it; `subject.opened_at` is
    `now` while the subject is being opened.

    Attributes:
        subject, event: what is decided upon.
        event_data: the event's data with the declared defaults.
        data: the subject's data, as they are at this point.
        state: its state, at this point.
        now: the instant of the decision, UTC.
        named: names of the variables that may be asked for (see `VALUES`).
        item: what ``item`` stands for, where `bound`.
    """

    __slots__ = (
        "_activation",
        "bound",
        "data",
        "event",
        "event_data",
        "item",
        "named",
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
        named: Collection[str] | None = None,
    ) -> None:
        self.subject = subject
        self.event = event
        self.event_data = event_data
        self.data = data
        self.state = subject.state
        self.now = now
        self.named = VALUES if named is None else named
        self.item: Any = None
        self.bound = False
        self._activation: Any = None

    @property
    def activation(self) -> Any:
        """The values as CEL takes them; made once. (The library ships no types.)"""
        if self._activation is None:
            values = {name: VALUES[name](self) for name in self.named if self.bound or name != "item"}
            self._activation = runtime_environment(self.bound).Activation(values)
        return self._activation

    @property
    def number(self) -> int:
        """Number of the decision that is being taken: the subject's next `seq`."""
        return self.subject.seq + 1

    def after(self, data: Mapping[str, Any], state: str) -> "View":
        """The view of the same decision once data and state have changed."""
        if data is self.data and state == self.state:
            return self
        later = View(self.subject, self.event, self.event_data, data, self.now, self.named)
        later.state = state
        return later

    def with_item(self, item: Any) -> "View":
        """The same with ``item`` bound, for one round of an effect with ``each``."""
        one = View(self.subject, self.event, self.event_data, self.data, self.now, self.named)
        one.state, one.item, one.bound = self.state, item, True
        return one


def _dict(values: Mapping[str, Any]) -> dict[str, Any]:
    return values if isinstance(values, dict) else dict(values)


def _parent(view: View) -> str | None:
    return view.subject.parent if view.subject.opened_at is not None else view.event.parent


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
        "subject.parent": _parent,
        "subject.opened_at": lambda view: view.subject.opened_at or view.now,
        "subject.seq": lambda view: view.number,
        "now": lambda view: view.now,
        "item": lambda view: view.item,
    }
)
"""How the value of each variable is found; ``item`` is one where it is bound."""
