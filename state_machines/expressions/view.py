"""What expressions see in one decision: the data, the event, the subject and the instant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from state_machines.decision import Event
from state_machines.expressions.environment import runtime_environment
from state_machines.expressions.expression import Activation
from state_machines.subject import Subject, split_key


class View:
    """The values of the variables at one point of a decision, handed to CEL when first asked for.

    `subject.seq` is the number of the decision being taken, in all of it; `subject.opened_at` is
    `now` while the subject is being opened.
    """

    __slots__ = ("_activation", "_values", "data", "now", "state")

    def __init__(
        self,
        subject: Subject,
        event: Event,
        event_data: Mapping[str, Any],
        data: Mapping[str, Any],
        now: datetime,
    ) -> None:
        self.data = data
        self.state = subject.state
        self.now = now
        self._activation: Activation = None
        # A source of values rather than the values: most decisions on a lifecycle without
        # expressions never ask.
        self._values: tuple[Subject, Event, Mapping[str, Any]] = (subject, event, event_data)

    @property
    def activation(self) -> Activation:
        """The values as CEL takes them; made once."""
        if self._activation is None:
            self._activation = runtime_environment(False).Activation(self._variables())
        return self._activation

    def after(self, data: Mapping[str, Any], state: str) -> "View":
        """The view of the same decision once data and state have changed."""
        if data is self.data and state == self.state:
            return self
        subject, event, event_data = self._values
        later = View(subject, event, event_data, data, self.now)
        later.state = state
        return later

    def with_item(self, item: Any) -> Activation:
        """The values with ``item`` bound, for one round of an effect with ``each``."""
        return runtime_environment(True).Activation({**self._variables(), "item": item})

    def _variables(self) -> dict[str, Any]:
        subject, event, event_data = self._values
        return {
            "data": _dict(self.data),
            "event.id": event.id,
            "event.source": event.source,
            "event.time": event.time,
            "event.trigger": event.trigger,
            "event.data": _dict(event_data),
            "subject.key": subject.key,
            "subject.id": split_key(subject.key)[1],
            "subject.lifecycle": subject.lifecycle,
            "subject.state": self.state,
            "subject.parent": subject.parent if subject.opened_at is not None else event.parent,
            "subject.opened_at": subject.opened_at or self.now,
            "subject.seq": subject.seq + 1,
            "now": self.now,
        }


def _dict(values: Mapping[str, Any]) -> dict[str, Any]:
    return values if isinstance(values, dict) else dict(values)
