"""Fan-out: effects of decisions become rows of the outbox, or events for other subjects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state_machines.decision import Decision, EmitEvent, RecallNotice, RunTask, SendNotice
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import FAMILY
from state_machines.errors import DecisionError
from state_machines.notices.topics import PAYLOAD_FIELD
from state_machines.subject import KEY_FORM, Subject, is_key, split_key
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.registry import Registry
from workflow.errors import UnknownDefinition
from workflow.store.own_sources import SUBJECT_SOURCE
from workflow.store.port import Changes, NewEffect, NewEvent, Recall, Transaction

SOURCE = SUBJECT_SOURCE
_RELATIVES = ("parent", "children")


@dataclass(frozen=True, slots=True)
class _Emission:
    sender: Subject
    key: str
    effect: EmitEvent
    hops: int


class FanOut:
    """Collects the effects of one batch of decisions and writes them.

    The idempotency key of the n-th effect of a decision is ``<subject>/<seq>/<n>``: the same
    whenever and wherever the decision is replayed.
    """

    def __init__(self, registry: Registry, changes: Changes, tasks: AllowedTasks) -> None:
        self._registry = registry
        self._changes = changes
        self._tasks = tasks
        self._emissions: list[_Emission] = []

    def add(self, subject_row: int, subject: Subject, decision: Decision, hops: int) -> None:
        """Add the effects of one decision; `subject` is as the decision leaves it.

        `hops` says how many events in a row led to what it sends.

        Raises:
            DecisionError: an event has no possible receiver, or a task whose name came with an event may not
                be asked for; nothing of the decision was added.
        """
        effects: list[NewEffect] = []
        emissions: list[_Emission] = []
        recalled: list[str] = []
        for number, effect in enumerate(decision.effects):
            key = f"{subject.key}/{subject.seq}/{number}"
            if isinstance(effect, EmitEvent):
                self._check(effect)
                emissions.append(_Emission(subject, key, effect, hops))
                continue
            if isinstance(effect, RecallNotice):
                recalled.append(effect.name)
                continue
            if isinstance(effect, RunTask) and effect.computed:
                self._check_task(effect)
            effects.append(_outbox_row(subject_row, key, effect))
        self._changes.effects += effects
        self._changes.recalls += [
            Recall(subject_row, subject.key, subject.seq, name, decision.trigger) for name in recalled
        ]
        self._emissions += emissions

    def _check_task(self, effect: RunTask) -> None:
        refusal = self._tasks.refusal(effect.task, effect.queue)
        if refusal is not None:
            raise DecisionError("task.name", "task-not-allowed", refusal)

    def _check(self, effect: EmitEvent) -> None:
        if effect.to in ("parent", "children", "self"):
            return
        name = split_key(effect.to)[0]
        if not is_key(effect.to):
            raise DecisionError("emit.to", "form", f"no subject's key, which is {KEY_FORM}")
        try:
            lifecycle = self._registry.latest(name)
        except UnknownDefinition as error:
            raise DecisionError(
                "emit.to", "unknown-lifecycle", f"no lifecycle {name!r} for {effect.to!r}"
            ) from error
        if effect.trigger not in lifecycle.triggers:
            raise DecisionError(
                "emit.trigger", "unknown-trigger", f"{name!r} has no trigger {effect.trigger!r}"
            )

    @property
    def emits(self) -> bool:
        """Whether any event is to be sent to a subject."""
        return bool(self._emissions)

    def send(self, transaction: Transaction, now: datetime) -> int:
        """Put the events into the ledger and the inbox; returns how many.

        Those to children go last: a child that this very batch opens is then among them, and its
        opening comes before whatever else it is sent. What was said before it was opened it is not sent.
        """
        direct = [one for one in self._emissions if one.effect.to != "children"]
        to_children = [one for one in self._emissions if one.effect.to == "children"]
        unborn = self._unborn(transaction, to_children)
        first = [event for one in direct for event in self._events(one, _targets(one), now)]
        transaction.accept(first, now)
        if not to_children:
            return len(first)
        children: dict[str, list[str]] = {}
        for parent, child in transaction.children(sorted({one.sender.key for one in to_children})):
            children.setdefault(parent, []).append(child)
        last: list[NewEvent] = []
        for one in to_children:
            sender = one.sender
            born = [
                child
                for child in children.get(sender.key, [])
                if unborn.get((sender.key, child), 0) <= sender.seq
            ]
            last += self._events(one, born, now)
        transaction.accept(last, now)
        return len(first) + len(last)

    def _unborn(
        self, transaction: Transaction, to_children: Sequence[_Emission]
    ) -> Mapping[tuple[str, str], int]:
        """Children that this batch opens after something was said to all of them, by parent and child.

        The number of the decision that opens each; none that was there before.
        """
        said = {one.sender.key: one.sender.seq for one in reversed(to_children)}
        opened: dict[tuple[str, str], int] = {}
        for one in self._emissions:
            if one.effect.opens and one.sender.key in said:
                opened.setdefault((one.sender.key, one.effect.to), one.sender.seq)
        unborn = {pair: number for pair, number in opened.items() if number > said[pair[0]]}
        if unborn:
            for pair in transaction.children(sorted({parent for parent, _ in unborn})):
                unborn.pop(pair, None)
        return unborn

    def _events(self, one: _Emission, targets: list[str], now: datetime) -> list[NewEvent]:
        events = []
        for number, target in enumerate(targets):
            name = split_key(target)[0]
            try:
                lifecycle = self._registry.latest(name)
            except UnknownDefinition:
                continue  # an event from outside may name a parent of a lifecycle that is not known
            if not _is_meant(lifecycle, one.effect):
                continue
            identity = f"{one.key}/{number}" if one.effect.to == "children" else one.key
            parent = one.sender.key if one.effect.opens else None
            events.append(
                NewEvent(
                    SOURCE,
                    identity,
                    target,
                    name,
                    lifecycle.version,
                    f"{name}.{one.effect.trigger}",
                    now,
                    one.effect.data,
                    parent,
                    hops=one.hops,
                )
            )
        return events


def _is_meant(lifecycle: Lifecycle, effect: EmitEvent) -> bool:
    """Whether a subject of this lifecycle is told: relatives may be of several.

    One is not meant that has no such trigger, or takes it from others alone: a word of the same name that its
    own timers say is another word.
    """
    heard = lifecycle.senders.get(effect.trigger)
    return heard is not None and (FAMILY in heard or effect.to not in _RELATIVES)


def _targets(one: _Emission) -> list[str]:
    if one.effect.to == "parent":
        return [one.sender.parent] if one.sender.parent is not None else []
    return [one.sender.key if one.effect.to == "self" else one.effect.to]


def _outbox_row(subject_row: int, key: str, effect: RunTask | SendNotice) -> NewEffect:
    if isinstance(effect, RunTask):
        payload = {
            "args": list(effect.args),
            "kwargs": dict(effect.kwargs),
            "succeeded": effect.succeeded,
            "failed": effect.failed,
        }
        if effect.retry:
            payload["retry"] = dict(effect.retry)
        if not effect.repeatable:
            payload["repeat"] = "ask"
        return NewEffect(subject_row, key, "task", effect.task, effect.queue, effect.priority, payload)
    said: dict[str, Any] = {
        "to": effect.to,
        "about": effect.about,
        "title": effect.title,
        "words": effect.words,
        "context": dict(effect.context),
    }
    if effect.variants:
        said["variants"] = dict(effect.variants)
    if effect.links:
        said["links"] = dict(effect.links)
    if effect.retry:
        said["retry"] = dict(effect.retry)
    if effect.failed is not None:
        said["failed"] = effect.failed
    if effect.language is not None:
        said["language"] = effect.language
    if effect.name is not None:
        said["name"] = effect.name
    if effect.topic is not None:
        said[PAYLOAD_FIELD] = effect.topic.to_json()
    return NewEffect(subject_row, key, "notice", effect.channel, None, effect.priority, said)
