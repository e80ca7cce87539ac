"""The Celery client: how makegood speaks to its broker, and the messages it sends.

SQL is the truth and the broker is transport: a message says "look", or names rows by id, and losing any of
them loses nothing. What a message shows to monitoring is keys of subjects, never what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from celery import Celery
from kombu.exceptions import KombuError, SerializationError

from state_machines.values.instants import format_instant
from workflow.broker import rabbitmq, task_names
from workflow.broker.notifier import Notifier
from workflow.broker.wake_ups import WakeUps
from workflow.engine.turns import EVENTS, TIMERS
from workflow.errors import BrokerUnreachable, MessageRefused
from workflow.store.port import EffectRow
from workflow.telemetry import tracing
from workflow.telemetry.trace_context import HEADER, headers_of
from workflow.telemetry.tracing import Side, Span

_SHOWN = 5
_ENOUGH = 2
_PROBED = "makegood.probed"
"""A key that is there for a moment."""
_DOCUMENTS_PER_MESSAGE = 25
"""Few enough that deadlines do not wait for long behind them, enough that what they need is read together."""
_KINDS = {task_names.APPLY: EVENTS, task_names.FIRE: TIMERS}
_SOON = {task_names.RELAY: task_names.SOON_QUEUE}


class Broker:
    """Sends our messages. Safe to use from several threads; one per process, never shared over a fork."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self.notifier = Notifier(app)
        self._wake_ups = WakeUps(self.wake)
        self._is_rabbitmq = rabbitmq.is_rabbitmq(app)

    def wake_apply(self, subjects: Sequence[str] = ()) -> None:
        """Soon after this returns, some worker looks into the inbox.

        Never blocks and never raises: wake-ups close together become one, and one that cannot be sent is
        lost, and the next sweep finds the events.
        """
        self._wake_ups.ask(task_names.APPLY, subjects)

    def wake(self, task: str, subjects: Sequence[str] = ()) -> bool:
        """Have some process look for the work of `task`; whether one was listening. Raises BrokerUnreachable.

        Those that listen are notified at once. Where none does, a message is sent, unless enough of them wait
        already: the worker that takes one finds this work, too.
        """
        kind = _KINDS.get(task)
        if kind is not None and self.notifier.notify(kind):
            return True
        if kind is None or self._waiting(task_names.QUEUE) < _ENOUGH:
            self.go(task, subjects)
        return False

    def go(self, task: str, subjects: Sequence[str] = ()) -> None:
        """Ask for one run of a task of ours that finds its work itself. Raises BrokerUnreachable."""
        self._publish(task, subjects=subjects, queue=_SOON.get(task, task_names.QUEUE))

    def send_notices(
        self, ids: Sequence[int], token: str, subjects: Sequence[str], *, urgent: bool = False
    ) -> None:
        """Have the notices with these outbox ids sent, if `token` still holds. Raises BrokerUnreachable."""
        queue = task_names.QUEUE if urgent else task_names.LATER_QUEUE
        self._publish(task_names.SEND, [list(ids), token], subjects=subjects, queue=queue)

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        """Send the messages of effects that name tasks, in one go where the transport can.

        Somebody else's task is a message each, under the same task id whoever publishes it again. Documents,
        which we write ourselves, are asked for by ids, several in a message. Raises BrokerUnreachable, or
        MessageRefused when the broker did not take one of them; whether it took the others is not known then.

        Args:
            sign: gives the signature of a receipt, by its task's name and the effect's idempotency key.
        """
        with self._reached(), self._producer() as producer, producer.batch():
            if self._is_rabbitmq:
                rabbitmq.probe(producer)  # what is taken, but not confirmed, would be sent a second time
            self._ask_for_documents([one for one in effects if one.target == task_names.WRITE], producer)
            for effect in effects:
                if effect.target == task_names.WRITE:
                    continue
                span = _publishing(effect)
                queue = effect.queue or task_names.FOREIGN_QUEUE
                succeeded, failed = (
                    _receipt(name, effect.key, queue, sign(name, effect.key))
                    for name in (task_names.SUCCEEDED, task_names.FAILED)
                )
                self._app.send_task(
                    effect.target,
                    effect.payload.get("args") or [],
                    effect.payload.get("kwargs") or {},
                    argsrepr=shown([effect.subject]),
                    kwargsrepr="{}",
                    add_to_parent=False,
                    producer=producer,
                    queue=queue,
                    # Receipts go past the exchange, into a queue that only we declare.
                    declare=[self._app.amqp.queues[name] for name in (queue, task_names.SOON_QUEUE)],
                    task_id=task_id(effect.key),
                    headers=_headers(effect, span),
                    link=succeeded,
                    link_error=failed,
                )
                span.end()

    def _ask_for_documents(self, effects: Sequence[EffectRow], producer: Any) -> None:
        by_queue: dict[str, list[EffectRow]] = {}
        for effect in effects:
            by_queue.setdefault(effect.queue or task_names.FOREIGN_QUEUE, []).append(effect)
        for queue, waiting in by_queue.items():
            for start in range(0, len(waiting), _DOCUMENTS_PER_MESSAGE):
                part = waiting[start : start + _DOCUMENTS_PER_MESSAGE]
                spans = [_publishing(effect) for effect in part]
                self._app.send_task(
                    task_names.WRITE,
                    [[effect.id for effect in part], part[0].token],
                    argsrepr=shown([effect.subject for effect in part]),
                    kwargsrepr="{}",
                    add_to_parent=False,
                    producer=producer,
                    queue=queue,
                )
                for span in spans:
                    span.end()

    def accept(self, events: Sequence[Mapping[str, Any]], key: str) -> None:
        """Send CloudEvents, as structured JSON objects, to be accepted by a worker. Raises BrokerUnreachable.

        `key` is the API key of whoever sends them; whoever reads the broker can read it.

        Unlike the API's 202 this promises nothing: it is for senders that have the broker and no HTTP.
        The same events may be sent again.
        """
        subjects = [str(event.get("subject", "")) for event in events]
        headers = {task_names.KEY_HEADER: key}
        said = [dict(event) for event in events]
        self._publish(task_names.ACCEPT, [said], subjects=subjects, headers=headers)

    def wake_schedulers(self, at: datetime) -> None:
        """Tell the schedulers of all workers that a timer is due at `at` (UTC). Raises BrokerUnreachable."""
        with self._reached():
            self._app.control.broadcast(task_names.WAKE_SCHEDULERS, arguments={"at": format_instant(at)})

    def listeners(self) -> int:
        """How many processes of the installation listen for work."""
        return self.notifier.subscribers()

    def reachable(self) -> bool:
        """Whether the broker takes messages now; asks for some seconds at most."""
        try:
            if self._is_rabbitmq:
                with self._reached(), self._producer() as producer:
                    rabbitmq.probe(producer)
                return True
            with self._reached(), self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
                _probe_writes(connection.default_channel)
                connection.default_channel.close()
        except BrokerUnreachable:
            return False
        return True

    def close(self) -> None:
        """Send the wake-ups that were asked for.

        Connections stay open: kombu's pools are shared by all clients of a process with the same URL.
        """
        self._wake_ups.close()

    def _publish(
        self,
        task: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        subjects: Sequence[str],
        **options: Any,
    ) -> None:
        def send() -> None:
            self._app.send_task(
                task,
                list(args),
                dict(kwargs or {}),
                argsrepr=shown(subjects),
                kwargsrepr="{}",
                add_to_parent=False,
                producer=producer,
                **options,
            )

        with self._reached(), self._producer() as producer:
            if self._is_rabbitmq:
                rabbitmq.send_again(producer, send)
            else:  # redis-py does so by itself
                send()

    def _waiting(self, queue: str) -> int:
        """How many messages wait in one of our queues; 0 when that cannot be found out."""
        if not self._is_rabbitmq:
            return self.notifier.queued(queue)
        with self._reached(), self._producer() as producer:
            return rabbitmq.waiting(producer, queue)

    def _producer(self) -> AbstractContextManager[Any]:
        """One of kombu's producers, whose connection is opened when it is needed."""
        if self._is_rabbitmq:
            return rabbitmq.confirmed_producer(self._app)
        producer: AbstractContextManager[Any] = self._app.producer_pool.acquire(block=True)
        return producer

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raise MessageRefused or BrokerUnreachable for the errors of any transport."""
        try:
            yield
        except Exception as error:
            lost, answers = self._errors
            if not isinstance(error, lost):
                raise
            # kombu wraps what a transport raises; an answer of the broker is no lost connection.
            if isinstance(error, answers) or isinstance(error.__cause__, answers):
                raise MessageRefused(
                    f"the broker did not take it: {type(error).__name__}: {error}"
                ) from error
            raise BrokerUnreachable(
                f"the broker cannot be reached: {type(error).__name__}: {error}"
            ) from error

    @cached_property
    def _errors(self) -> tuple[tuple[type[BaseException], ...], tuple[type[BaseException], ...]]:
        """All errors of the transport, and those of them that are answers of the broker. Read when needed."""
        connection = self._app.connection_for_write()
        answers = (SerializationError, *connection.channel_errors)
        return (KombuError, OSError, *connection.connection_errors, *answers), answers


def _probe_writes(channel: Any) -> None:
    """See that a Redis takes what is written: one that is full, or a replica, answers and takes nothing."""
    if hasattr(channel, "conn_or_acquire"):
        with channel.conn_or_acquire() as client:
            client.sadd(_PROBED, _PROBED)
            client.srem(_PROBED, _PROBED)


def _publishing(effect: EffectRow) -> Span:
    span = tracing.begin("publish task", effect.payload.get(HEADER), Side.PRODUCER)
    span.note(effect=effect.key, task=effect.target, attempt=effect.attempts)
    return span


def _headers(effect: EffectRow, span: Span) -> dict[str, str]:
    """Those of a message: whose effect it carries out, and by which span it was asked for, if by any."""
    headers = {task_names.EFFECT_HEADER: effect.key}
    return headers | headers_of(span.traceparent)


def _receipt(name: str, key: str, queue: str, signature: str) -> dict[str, Any]:
    """A Celery signature in its JSON form: the message that the task's worker sends us when it is done.

    That worker's app is somebody else's, and nothing is left to its settings: JSON, whatever its
    `task_serializer`; and straight into our queue by the nameless exchange, which every broker has. Our queue
    need not be one of its own, whatever its `task_create_missing_queues`: by name it is told only of `queue`,
    from which it took the task. An exchange of a type other than `direct` keeps Celery from sending there.
    """
    options = {
        "queue": queue,
        "exchange": "",
        "exchange_type": "topic",
        "routing_key": task_names.SOON_QUEUE,
        "serializer": "json",
        "argsrepr": shown([key]),
        "kwargsrepr": "{}",
    }
    return {"task": name, "args": [key, signature], "kwargs": {}, "options": options, "subtask_type": None,
            "immutable": False}  # fmt: skip


def shown(subjects: Sequence[str]) -> str:
    """What monitoring shows as a message's arguments: some keys of subjects."""
    more = ", ..." if len(subjects) > _SHOWN else ""
    return f"({', '.join(subjects[:_SHOWN])}{more})"


def task_id(key: str) -> str:
    """The Celery task id of an effect: the same however often it is published."""
    return str(uuid5(NAMESPACE_URL, f"makegood:{key}"))
