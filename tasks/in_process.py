"""What workers do, done in this process at once: for scenarios, which move time themselves.

Notices go through the sender as a worker's do; only the channels keep what they are given, and behave as they
are told. How tasks of other programs end, the scenario says.
"""

from __future__ import annotations

from collections.abc import Sequence

from state_machines.values.durations import parse_duration
from tasks.channels.port import NobodyThere, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.local_effects import LocalEffects
from tasks.sending.pace import SteadyPace
from workflow.clock import Clock
from workflow.engine.runtime import Runtime
from workflow.recovery.contact.addresses import address
from workflow.recovery.links import LinkWriter
from workflow.scenarios.stage import SentNotice

_LONG = 3600.0
"""Seconds for a run of the sender: on a virtual clock none is cut short."""


class KeptChannel:
    """Every channel to the outside: keeps what it is given, unless it was told to behave otherwise."""

    def __init__(self, clock: Clock, links: LinkWriter) -> None:
        self.sent: list[SentNotice] = []
        self.behaviours: dict[str, str] = {}
        self._clock = clock
        self._links = links

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Keep a notice. Raises Retry, Rejected or OutcomeUnknown where its channel was told to behave so."""
        behaviour, _, pause = self.behaviours.get(notice.channel, "works").partition(" ")
        if behaviour == "busy":
            after = parse_duration(pause).total_seconds() if pause else None
            raise Retry("is busy [channel-busy]", after)
        if behaviour == "refuses":
            raise Rejected("does not take it [channel-refused]")
        if behaviour == "nobody":
            raise NobodyThere("says that nobody is there [channel-nobody]")
        self.sent.append(self._kept(notice, idempotency_key))
        if behaviour == "unknown":
            raise OutcomeUnknown("did not say whether it took it [channel-silent]")
        return Receipt(notice.channel, idempotency_key)

    def _kept(self, notice: Notice, key: str) -> SentNotice:
        links = self._links.urls(notice.key, notice.words, notice.links)
        reached = address(notice.to, notice.channel)
        return SentNotice(
            key, self._clock.now(), notice.to, reached, notice.channel, notice.about, notice.title,
            notice.words, notice.subject, notice.language, links,
        )  # fmt: skip


class InProcess(LocalEffects):
    """Carries out effects of one runtime as they are published, whatever the clock on the wall says."""

    def __init__(self, runtime: Runtime) -> None:
        self._kept = KeptChannel(runtime.clock, LinkWriter(runtime.settings))
        super().__init__(runtime, self._kept, SteadyPace(), _LONG)

    def notices(self) -> Sequence[SentNotice]:
        """All that went out, the oldest first."""
        return self._kept.sent

    def behave(self, channel: str, behaviour: str) -> None:
        """From here on a channel behaves so, see `KeptChannel`."""
        self._kept.behaviours[channel] = behaviour
