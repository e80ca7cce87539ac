"""What goes into a decision and what comes out of it. Data only; nothing here executes."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from state_machines.notices.channels import is_person
from state_machines.notices.topics import Priority, Topic, topic_named
from state_machines.subject import NOTHING, Timer


class Event(NamedTuple):
    """Something that happened, as a subject sees it: a CloudEvent, or a timer that fired.

    Attributes:
        trigger: the word by which it asks the subject to move.
        id, source: the CloudEvent's attributes; of a timer `source` is ``/makegood/timers``.
        time: when it happened according to its source, UTC.
        data: its payload, a JSON object.
        parent: for an opening event, the key of the subject that the new one belongs to.
        timer: name of the timer that fired, None for an event from outside.
        setting: that timer's setting.
        sender: the kind of its sender, as `from` names them; None where nobody is to be asked.
        actor: who sent it, such as ``system:crm`` or ``person:ada@example.com``; None: makegood itself, or it
            was not known.
        expected_revision: the subject's as its sender has seen it; None: it is decided whatever came between.
    """

    trigger: str
    id: str
    source: str
    time: datetime
    data: Mapping[str, Any] = NOTHING
    parent: str | None = None
    timer: str | None = None
    setting: int | None = None
    sender: str | None = None
    actor: str | None = None
    expected_revision: int | None = None


class Outcome(StrEnum):
    """What became of an event."""

    MOVED = "moved"
    """A transition was taken, to another state or back into the same one."""
    STAYED = "stayed"
    """An internal transition was taken: data or effects, no change of state, timers run on."""
    REFUSED = "refused"
    """It cannot apply now; it is kept in the ledger with the reason."""


class RunTask(NamedTuple):
    """Run a Celery task, anybody's, addressed by its Celery name.

    `succeeded` and `failed` name the triggers that its receipt is sent back as, if any. `retry` is what the
    definition says of trying it again, if anything: attempts, first, longest, not_on. `repeatable` says
    whether it is sent again where no receipt comes; else a person finds out what became of it. `computed`
    says whether an expression gave the name or the queue, so that an event may have.
    """

    task: str
    queue: str | None = None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = NOTHING
    succeeded: str | None = None
    failed: str | None = None
    retry: Mapping[str, Any] = NOTHING
    repeatable: bool = True
    computed: bool = False

    @property
    def priority(self) -> Priority:
        """Tasks go first: they act on what has happened."""
        return Priority.ACT


class SendNotice(NamedTuple):
    """Tell one customer or colleague something, over a channel.

    `to` is an address or a JSON object with one address a channel; `about` names the topic, and `topic` is it
    where the definition declares it itself; `context` travels with the notice to a person who calls.
    `variants` holds title and words for channels that have their own; `links` by name what a signed
    link asks: trigger, data, choices, ask, labels, title, words, language, expires_at. `retry` is as in
    `RunTask`. `failed` names the trigger that fires when it is given up, if any. `language` is that of its
    words, None where nobody knows. `name` is that by which the subject recalls it, None: it never does.
    """

    channel: str
    to: Any
    about: str
    title: str
    words: str
    context: Mapping[str, Any] = NOTHING
    variants: Mapping[str, Mapping[str, str]] = NOTHING
    links: Mapping[str, Mapping[str, Any]] = NOTHING
    topic: Topic | None = None
    retry: Mapping[str, Any] = NOTHING
    failed: str | None = None
    language: str | None = None
    name: str | None = None

    @property
    def priority(self) -> Priority:
        """What its topic says; but somebody must act on it where a person is to call."""
        return Priority.ACT if is_person(self.channel) else (self.topic or topic_named(self.about)).priority


class RecallNotice(NamedTuple):
    """Do not send the notices of this name that earlier decisions of the subject asked for.

    Those that have gone out have gone out.
    """

    name: str


class EmitEvent(NamedTuple):
    """Send an event to related subjects.

    `to` is ``parent``, ``children``, ``self`` or a subject's key. `opens` makes the sender the
    parent of the subject that the event opens.
    """

    to: str
    trigger: str
    data: Mapping[str, Any] = NOTHING
    opens: bool = False


Effect = RunTask | SendNotice | RecallNotice | EmitEvent


class Decision(NamedTuple):
    """What a lifecycle answers to (subject, event, now).

    Attributes:
        outcome: moved, stayed or refused; a refused event changes nothing.
        source, dest: the state before and after.
        data: the subject's data after the decision.
        timers_set: timers to set, replacing one of the same name (a paused one has no `due_at`).
        timers_cancelled: names of timers that no longer exist.
        effects: work asked for, in order.
        reason: for a refused event, the rule and the sentence.
    """

    outcome: Outcome
    trigger: str
    source: str
    dest: str
    data: Mapping[str, Any]
    timers_set: tuple[Timer, ...] = ()
    timers_cancelled: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    reason: str | None = None
