"""What makes the effects of one call: a task, a notice, an event, a new subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from state_machines.decision import Effect, EmitEvent, RunTask, SendNotice
from state_machines.errors import DecisionError
from state_machines.expressions.arguments import Argument
from state_machines.expressions.view import View
from state_machines.json_values import kind
from state_machines.notices import refusal

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

    def make(self, view: View) -> Sequence[Effect]:
        """One task."""
        name = _text(self.name.value(view), self.field, "name")
        queue = self.queue.value(view)
        args, kwargs = self.args.value(view), self.kwargs.value(view)
        if not isinstance(args, list):
            raise DecisionError(f"{self.field}.args", "not-a-list", f"args must be a list, not {kind(args)}")
        if not name:
            raise DecisionError(f"{self.field}.name", "empty", "a task needs a name")
        task = RunTask(
            name,
            None if queue is None else _text(queue, self.field, "queue"),
            tuple(args),
            _object(kwargs, self.field, "kwargs"),
            self.succeeded,
            self.failed,
        )
        return (task,)


@dataclass(frozen=True, slots=True)
class NoticeMaker:
    """Makes `SendNotice`, one for each of those that `to` names; nobody named, no notice."""

    field: str
    to: Argument
    channel: Argument
    about: str
    title: Argument
    words: Argument
    context: Argument

    def make(self, view: View) -> Sequence[Effect]:
        """The notices."""
        to = self.to.value(view)
        receivers = [one for one in (to if isinstance(to, list) else [to]) if not _nobody(one)]
        if not receivers:
            return ()
        channel = _text(self.channel.value(view), self.field, "channel")
        refused = refusal(self.about, channel)
        if refused is not None:
            rule, _, sentence = refused.partition(": ")
            raise DecisionError(f"{self.field}.channel", rule, sentence)
        title = _text(self.title.value(view), self.field, "title")
        words = _text(self.words.value(view), self.field, "words")
        context = _object(self.context.value(view), self.field, "context")
        return [SendNotice(channel, one, self.about, title, words, context) for one in receivers]


@dataclass(frozen=True, slots=True)
class EmitMaker:
    """Makes `EmitEvent` to related subjects; an empty `to` is nobody."""

    field: str
    to: Argument
    trigger: str
    data: Argument

    def make(self, view: View) -> Sequence[Effect]:
        """At most one event."""
        to = self.to.value(view)
        if _nobody(to):
            return ()
        if not isinstance(to, str) or (to not in RELATIONS and not _is_key(to)):
            message = "`to` must be parent, children, self or a subject's key such as 'promise:P-17'"
            raise DecisionError(f"{self.field}.to", "not-a-subject", message)
        return (EmitEvent(to, self.trigger, _object(self.data.value(view), self.field, "data")),)


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
        data = _object(self.data.value(view), self.field, "data")
        return (EmitEvent(f"{self.lifecycle}:{identity}", self.trigger, data, opens=True),)


def _nobody(value: Any) -> bool:
    return value is None or value in ("", {}, [])


def _is_key(text: str) -> bool:
    lifecycle, separator, identity = text.partition(":")
    return bool(lifecycle and separator and identity)


def _text(value: Any, field: str, part: str) -> str:
    if not isinstance(value, str):
        raise DecisionError(f"{field}.{part}", "not-a-text", f"must be a text, not {kind(value)}")
    return value


def _object(value: Any, field: str, part: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DecisionError(f"{field}.{part}", "not-an-object", f"must be an object, not {kind(value)}")
    return value
