"""Fan-out: effects of decisions become rows of the outbox, or events for other subjects."""

from collections.abc import Iterator, Sequence
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
from workflow.errors import NotUnderstood, UnknownDefinition
from workflow.store.own_sources import SUBJECT_SOURCE
from workflow.store.port import Changes, NewEffect, NewEvent, Recall, Transaction
from workflow.telemetry.trace_context import HEADER

SOURCE = SUBJECT_SOURCE
_RELATIVES = ("parent", "children")


@dataclass(frozen=True, slots=True)
class _Emission:
    sender: Subject
    key: str
    effect: EmitEvent
    hops: int
    traceparent: str | None


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

    def add(
        self, subject_row: int, subject: Subject, decision: Decision, hops: int, traceparent: str | None
    ) -> None:
        """Add the effects of one decision; `subject` is as the decision leaves it.

        `hops` says how many events in a row led to what it sends, `traceparent` names the decision's span.

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
                emissions.append(_Emission(subject, key, effect, hops, traceparent))
                continue
            if isinstance(effect, RecallNotice):
                recalled.append(effect.name)
                continue
            if isinstance(effect, RunTask) and effect.computed:
                self._check_task(effect)
            row = _outbox_row(subject_row, key, effect)
            effects.append(row if traceparent is None else _traced(row, traceparent))
        self._changes.effects += effects
        self._changes.recalls += [
            Recall(subject_row, subject.key, subject.seq, name, decision.trigger) for name in recalled
        ]
        self._emissions += sorted(emissions, key=lambda one: one.effect.to == "children")

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
        except NotUnderstood:
            return  # whoever understands it decides what it is sent
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

        Whoever gets several from one sender gets them in the order in which they were sent. Of one decision
        those to children go last: a child that it opens is then among them. What was said before it was
        opened a child is not sent.
        """
        number = 0
        for wave in self._waves():
            events = [
                event
                for one, targets in _addressed(wave, transaction)
                for event in self._events(one, targets, now)
            ]
            transaction.accept(events, now)
            number += len(events)
        return number

    def _waves(self) -> list[list[_Emission]]:
        """The emissions so that no sender's overtakes another of its own, in as few steps as that takes.

        All of one wave go to children, or none does: who the children are is asked once for each.
        """
        waves: list[list[_Emission]] = []
        reached: dict[str, int] = {}
        for one in self._emissions:
            wave = reached.get(one.sender.key, 0)
            wave += (one.effect.to == "children") != wave % 2
            reached[one.sender.key] = wave
            while len(waves) <= wave:
                waves.append([])
            waves[wave].append(one)
        return waves

    def _events(self, one: _Emission, targets: Sequence[str], now: datetime) -> list[NewEvent]:
        events = []
        for number, target in enumerate(targets):
            name = split_key(target)[0]
            try:
                lifecycle = self._registry.latest(name)
            except UnknownDefinition:
                continue  # an event from outside may name a parent of a lifecycle that is not known
            except NotUnderstood as left:
                version = left.version  # whoever understands it finds out whether it is meant
            else:
                version = lifecycle.version
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
                    version,
                    f"{name}.{one.effect.trigger}",
                    now,
                    one.effect.data,
                    parent,
                    hops=one.hops,
                    traceparent=one.traceparent,
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


def _addressed(
    wave: Sequence[_Emission], transaction: Transaction
) -> Iterator[tuple[_Emission, Sequence[str]]]:
    """The emissions of a wave, each with the keys of those whom it is for."""
    parents = {one.sender.key for one in wave if one.effect.to == "children"}
    children: dict[str, list[str]] = {}
    for parent, child in transaction.children(sorted(parents)) if parents else ():
        children.setdefault(parent, []).append(child)
    for one in wave:
        yield one, children.get(one.sender.key, []) if parents else _targets(one)


def _targets(one: _Emission) -> list[str]:
    if one.effect.to == "parent":
        return [one.sender.parent] if one.sender.parent is not None else []
    return [one.sender.key if one.effect.to == "self" else one.effect.to]


def _traced(row: NewEffect, traceparent: str) -> NewEffect:
    return row._replace(payload={**row.payload, HEADER: traceparent})


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
