"""What makes the effects of one call: a task, an event, a new subject; notices have a file of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from state_machines.compilation.arguments import Argument, Literal
from state_machines.decision import Effect, EmitEvent, RecallNotice, RunTask
from state_machines.effects.values import is_nobody, object_of, text_of
from state_machines.errors import DecisionError
from state_machines.expressions.expression import ABSENT
from state_machines.expressions.view import View
from state_machines.values.json_values import kind

RELATIONS = frozenset({"parent", "children", "self"})


class Maker(Protocol):
    """Makes the effects of one call from the values of the variables."""

    def make(self, view: View) -> Sequence[Effect]:
        """The effects, with their arguments computed."""


@dataclass(frozen=True, slots=True)
class TaskMaker:
    """Makes `RunTask`."""

    field: str
    name: Argument
    queue: Argument
    args: Argument
    kwargs: Argument
    succeeded: str | None
    failed: str | None
    retry: Mapping[str, Any]
    repeat: Argument
    computed: bool = False

    def make(self, view: View) -> Sequence[Effect]:
        """One task."""
        name = text_of(self.name.value(view), self.field, "name")
        queue = self.queue.value(view)
        args, kwargs = self.args.value(view), self.kwargs.value(view)
        if not isinstance(args, list):
            raise DecisionError(f"{self.field}.args", "not-a-list", f"args must be a list, not {kind(args)}")
        if not name:
            raise DecisionError(f"{self.field}.name", "empty", "a task needs a name")
        task = RunTask(
            name,
            None if queue is None else text_of(queue, self.field, "queue"),
            tuple(args),
            object_of(kwargs, self.field, "kwargs"),
            self.succeeded,
            self.failed,
            self.retry,
            self._is_repeatable(view),
            self.computed,
        )
        return (task,)

    def _is_repeatable(self, view: View) -> bool:
        repeat = self.repeat.value(view)
        if repeat is None or repeat is ABSENT or repeat == "safe":
            return True
        if repeat != "ask":
            raise DecisionError(f"{self.field}.repeat", "no-such-word", "repeat is `safe` or `ask`")
        return False


@dataclass(frozen=True, slots=True)
class RecallMaker:
    """Makes `RecallNotice`."""

    field: str
    name: Argument

    def make(self, view: View) -> Sequence[Effect]:
        """One."""
        return (RecallNotice(text_of(self.name.value(view), self.field, "name")),)


@dataclass(frozen=True, slots=True)
class EmitMaker:
    """Makes `EmitEvent` to related subjects; an empty `to` is nobody.

    In the first edition (`orphans_emit`) one without a parent asks for an event to it, which nobody gets.
    """

    field: str
    to: Argument
    trigger: str
    data: Argument
    orphans_emit: bool = True

    def make(self, view: View) -> Sequence[Effect]:
        """At most one event."""
        to = self.to.value(view)
        if is_nobody(to) or (to == "parent" and not self.orphans_emit and view.parent is None):
            return ()
        if not isinstance(to, str) or (to not in RELATIONS and not _is_key(to)):
            message = "`to` must be parent, children, self or a subject's key such as 'promise:P-17'"
            raise DecisionError(f"{self.field}.to", "not-a-subject", message)
        return (EmitEvent(to, self.trigger, object_of(self.data.value(view), self.field, "data")),)


@dataclass(frozen=True, slots=True)
class ForwardMaker:
    """Makes `EmitEvent` of the event that is decided upon, as it came."""

    field: str
    to: Argument

    def make(self, view: View) -> Sequence[Effect]:
        """At most one event."""
        said = Literal(dict(view.event_data))
        return EmitMaker(self.field, self.to, view.event.trigger, said, orphans_emit=False).make(view)


@dataclass(frozen=True, slots=True)
class OpenMaker:
    """Makes the `EmitEvent` that opens a subject."""

    field: str
    lifecycle: str
    identity: Argument
    trigger: str
    data: Argument

    def make(self, view: View) -> Sequence[Effect]:
        """One event."""
        identity = self.identity.value(view)
        if isinstance(identity, int) and not isinstance(identity, bool):
            identity = str(identity)
        if not isinstance(identity, str) or not identity:
            raise DecisionError(
                f"{self.field}.id", "empty", f"the id must be a text that is not empty, not {kind(identity)}"
            )
        data = object_of(self.data.value(view), self.field, "data")
        return (EmitEvent(f"{self.lifecycle}:{identity}", self.trigger, data, opens=True),)


def _is_key(text: str) -> bool:
    lifecycle, separator, identity = text.partition(":")
    return bool(lifecycle and separator and identity)
