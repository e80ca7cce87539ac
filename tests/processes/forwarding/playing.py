"""The play: so many changes of so many subjects, while workers are killed and come back; what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import func, select

from tests.processes.forwarding.receivers import Part, parts
from tests.processes.installation import Installation
from tests.processes.workers import WorkerProcess
from tests.subscriptions.receiving import Receiver
from tests.waiting import wait_until
from workflow.clock import monotonic
from workflow.queries.changes import ChangeFilter
from workflow.store.schema import moves
from workflow.subscriptions import book
from workflow.subscriptions.book import Wish
from workflow.subscriptions.subscription import SubscriptionStatus

METER = """
lifecycle: meter
version: 1
triggers: {read: {}, remove: {}}
states: [{name: running}, {name: removed, final: true}]
transitions:
  - {trigger: read, source: initial, dest: running}
  - {trigger: read, source: running}
  - {trigger: remove, source: running, dest: removed}
"""
GIVEN_UP_AFTER = 1.5
"""Seconds that receivers have to answer."""
_AT_ONCE = 500
_WORKERS = 2
_LONGEST = 3_600.0


@dataclass(frozen=True)
class Told:
    """What one receiver got.

    Attributes:
        wanted: changes that it had to get.
        lost: those that it did not.
        disordered: subjects whose changes did not first come in their order.
        other_ids: changes that came under more than one `webhook-id`.
        repeated: requests beyond the first for a change.
        refused: requests whose signature was wrong.
        seconds: until it had everything, since the first change was decided.
    """

    name: str
    wanted: int
    lost: int
    disordered: int
    other_ids: int
    repeated: int
    refused: int
    seconds: float


@dataclass(frozen=True)
class Played:
    """All receivers, and how often a worker was killed."""

    told: list[Told]
    kills: int

    def faults(self) -> list[str]:
        """What must not be."""
        return [
            f"{one.name}: {count} {what}"
            for one in self.told
            for what, count in (
                ("lost", one.lost),
                ("subjects out of order", one.disordered),
                ("changes under several ids", one.other_ids),
                ("wrong signatures", one.refused),
            )
            if count
        ]

    def table(self) -> Iterator[str]:
        """As lines."""
        heads = ("changes", 9), ("lost", 6), ("disordered", 12), ("other ids", 11), ("repeated", 10), ("s", 8)
        yield f"{'receiver':18}" + "".join(f"{head:>{width}}" for head, width in heads)
        for one in self.told:
            yield (
                f"{one.name:18}{one.wanted:>9}{one.lost:>6}{one.disordered:>12}{one.other_ids:>11}"
                f"{one.repeated:>10}{one.seconds:>8.1f}"
            )
        yield f"workers killed: {self.kills}"


def play(
    installation: Installation,
    changes: int,
    subjects: int,
    kills: int,
    every: float,
    tell: Callable[[str], None] = lambda _: None,
) -> Played:
    """Have it played; every so many seconds a worker is killed with all its processes, so many times."""
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir()
    (lifecycles / "meter.yaml").write_text(METER)
    installation.configure(
        lifecycles=lifecycles, subscription_networks="127.0.0.0/8", subscription_seconds=GIVEN_UP_AFTER
    )
    revived = threading.Event()
    with ExitStack() as stack:
        receivers = {
            part: stack.enter_context(Receiver(part.behaviour, real_time=True, whole=False))
            for part in parts(GIVEN_UP_AFTER, revived.is_set)
        }
        subscribed = {part: _subscribe(installation, part, receiver) for part, receiver in receivers.items()}
        workers = [installation.workers.start() for _ in range(_WORKERS)]
        for worker in workers:
            worker.wait_ready()
        began = monotonic()
        _send(installation, changes, subjects)
        tell(f"{changes} events are accepted after {monotonic() - began:.1f} s")
        killing = _Killing(installation, workers, kills, every)
        wanted = {part: _wanted(part, changes, subjects) for part in receivers}
        done: dict[Part, float] = {}

        def all_told() -> bool:
            for part, receiver in receivers.items():
                if part not in done and len(receiver.ids()) >= len(wanted[part]):
                    done[part] = monotonic() - began
                    tell(f"{part.name} has everything after {done[part]:.1f} s")
            killing.look()
            if len(done) == len(receivers) - 1 and not revived.is_set():  # although one is dead
                revived.set()
                _set_going(installation, subscribed[next(one for one in receivers if one not in done)])
                tell(f"the dead one is there again after {monotonic() - began:.1f} s")
            return len(done) == len(receivers) and killing.over

        wait_until(all_told, seconds=_LONGEST, what="all changes to arrive", every=0.5)
        assert _decided(installation) == changes
        return Played(
            [_told(part, one, wanted[part], done[part]) for part, one in receivers.items()], killing.count
        )


class _Killing:
    """Kills one worker after another, and starts it again."""

    def __init__(
        self, installation: Installation, workers: list[WorkerProcess], most: int, every: float
    ) -> None:
        self._installation = installation
        self._workers = workers
        self._most = most
        self._every = every
        self._last = monotonic()
        self.count = 0

    @property
    def over(self) -> bool:
        """Whether as many were killed as are to be."""
        return self.count >= self._most

    def look(self) -> None:
        """Kill one if it is time."""
        if self.over or monotonic() - self._last < self._every:
            return
        self._last = monotonic()
        place = self.count % len(self._workers)
        self._workers[place].kill_group()
        self._workers[place] = self._installation.workers.start()
        self.count += 1


def _subscribe(installation: Installation, part: Part, receiver: Receiver) -> str:
    wish = Wish(receiver.url, ChangeFilter(lifecycles=["meter"]), 0, part.condition, part.name)
    made = book.create(installation.runtime.store, wish, "system:tests", installation.runtime.clock.now())
    receiver.secret = made.secret
    return made.subscription.id


def _set_going(installation: Installation, subscription: str) -> None:
    """As a person does who knows that a receiver is there again, and does not wait for the next attempt."""
    store, now = installation.runtime.store, installation.runtime.clock.now()
    book.change(store, subscription, {"status": SubscriptionStatus.ACTIVE.value}, now)


def _send(installation: Installation, changes: int, subjects: int) -> None:
    for start in range(0, changes, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, changes))
        installation.send(
            *(installation.event("meter.read", _subject(number, subjects), {}, number) for number in some)
        )


def _subject(number: int, subjects: int) -> str:
    return f"meter:{number % subjects:06}"


def _wanted(part: Part, changes: int, subjects: int) -> set[str]:
    times = Counter(_subject(number, subjects) for number in range(changes))
    return {
        f"{subject}/{seq}"
        for subject, count in times.items()
        if part.wants(subject)
        for seq in range(1, count + 1)
    }


def _decided(installation: Installation) -> int:
    with installation.runtime.store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(moves)) or 0


def _told(part: Part, receiver: Receiver, wanted: set[str], seconds: float) -> Told:
    got = set(receiver.ids())
    pairs = {(one.id, one.change["id"]) for one in receiver.received}
    requests = Counter(one.change["id"] for one in receiver.received)
    return Told(
        part.name,
        len(wanted),
        len(wanted - got),
        sum(seqs != sorted(seqs) for seqs in receiver.by_subject().values()),
        len(pairs) - len(requests),
        sum(requests.values()) - len(requests),
        len(receiver.unverified),
        seconds,
    )
