"""What makes notices: one for each receiver, in words and over a channel that it may go over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from state_machines.compilation.arguments import Argument, Listed
from state_machines.decision import Effect, SendNotice
from state_machines.effects.links import LinkWay
from state_machines.effects.number import check_number
from state_machines.effects.values import is_nobody, object_of, text_of
from state_machines.effects.words import Words
from state_machines.errors import DecisionError
from state_machines.expressions.view import View
from state_machines.notices.permission import refusal
from state_machines.notices.topics import Topic


@dataclass(frozen=True, slots=True)
class NoticeMaker:
    """Makes `SendNotice`, one for each of those that `to` names; nobody named, no notice.

    Attributes:
        told: the channel, the values for its words, the context and the name, which are found together.
        optional: names of values that may lead nowhere: to a template they are then nothing, and
            ``{% if value %}`` does not hold.
        declared: whether the topic is the definition's own, and not a registered one.
    """

    field: str
    to: Argument
    told: Listed
    optional: tuple[str, ...]
    topic: Topic
    declared: bool
    words: Words
    links: tuple[tuple[str, LinkWay], ...]
    retry: Mapping[str, Any]
    failed: str | None = None

    def make(self, view: View) -> Sequence[Effect]:
        """The notices."""
        to = self.to.value(view)
        receivers = [one for one in (to if isinstance(to, list) else [to]) if not is_nobody(one)]
        if not receivers:
            return ()
        check_number(receivers, f"{self.field}.to")
        said_channel, values, context, called = self.told.value(view)
        channel = text_of(said_channel, self.field, "channel")
        called = None if called is None else text_of(called, self.field, "name")
        refused = refusal(self.topic, channel)
        if refused is not None:
            rule, _, sentence = refused.partition(": ")
            raise DecisionError(f"{self.field}.channel", rule, sentence)
        for name in self.optional:
            values.setdefault(name, None)
        object_of(context, self.field, "context")
        return [self._notice(view, one, channel, values, context)._replace(name=called) for one in receivers]

    def _notice(self, view: View, to: Any, channel: str, values: Any, context: Any) -> SendNotice:
        said = self.words.say(view, to, values)
        made = ((name, link.make(view, to, values)) for name, link in self.links)
        links = {name: link for name, link in made if link}
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
            self.failed,
            said.reader.language,
        )
