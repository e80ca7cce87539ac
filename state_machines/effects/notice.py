"""What makes notices: one for each receiver, in words and over a channel that it may go over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from state_machines.compilation.arguments import Argument
from state_machines.decision import Effect, SendNotice
from state_machines.effects.links import LinkMaker
from state_machines.effects.values import is_nobody, object_of, text_of
from state_machines.effects.words import Words
from state_machines.errors import DecisionError
from state_machines.expressions import ABSENT
from state_machines.expressions.view import View
from state_machines.notices.permission import refusal
from state_machines.notices.topics import Topic


@dataclass(frozen=True, slots=True)
class NoticeMaker:
    """Makes `SendNotice`, one for each of those that `to` names; nobody named, no notice.

    `declared` says that the topic is the definition's own, and not a registered one.
    """

    field: str
    to: Argument
    channel: Argument
    topic: Topic
    declared: bool
    words: Words
    values: tuple[tuple[str, Argument], ...]
    links: tuple[tuple[str, LinkMaker], ...]
    context: Argument
    retry: Mapping[str, Any]

    def make(self, view: View) -> Sequence[Effect]:
        """The notices."""
        to = self.to.value(view)
        receivers = [one for one in (to if isinstance(to, list) else [to]) if not is_nobody(one)]
        if not receivers:
            return ()
        channel = text_of(self.channel.value(view), self.field, "channel")
        refused = refusal(self.topic, channel)
        if refused is not None:
            rule, _, sentence = refused.partition(": ")
            raise DecisionError(f"{self.field}.channel", rule, sentence)
        values = {name: _or_null(value.value(view)) for name, value in self.values}
        context = object_of(self.context.value(view), self.field, "context")
        return [self._notice(view, one, channel, values, context) for one in receivers]

    def _notice(self, view: View, to: Any, channel: str, values: Any, context: Any) -> SendNotice:
        said = self.words.say(view, to, values)
        links = {name: link.make(view, to, values) for name, link in self.links}
        topic = self.topic if self.declared else None
        return SendNotice(
            channel,
            to,
            self.topic.name,
            said.title,
            said.words,
            context,
            said.variants,
            links,
            topic,
            self.retry,
        )


def _or_null(value: Any) -> Any:
    """To a template what is left out is nothing: ``{% if value %}`` does not hold."""
    return None if value is ABSENT else value
