"""What workers do, done in this process at once, by whoever has none.

Notices go through the sender as a worker's do; only the channels to the outside are another. Documents are
written; of tasks of other programs the one that is derived from this says what becomes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel
from tasks.scheduler.sweep import sweep
from tasks.sending.pace import Pace
from tasks.sending.sender import NoticeSender
from tasks.written_documents import write_documents
from workflow.broker.task_names import WRITE
from workflow.engine.runtime import Runtime
from workflow.outbox.relay import SLICE
from workflow.recovery.contact.channels import registered
from workflow.store.port import EffectRow


class LocalEffects:
    """Carries out effects of one runtime as they are published."""

    def __init__(
        self, runtime: Runtime, outside: Channel, pace: Pace | None = None, seconds: float = SLICE
    ) -> None:
        """`outside` is every channel that leads out; a run of the sender takes about so many `seconds`."""
        self.runtime = runtime
        live = LiveChannel(runtime.engine, runtime.clock, lambda subjects: None)
        named = dict.fromkeys((one.name for one in registered().values() if one.outside), outside)
        self._sender = NoticeSender(runtime, {**named, "live": live}, pace)
        self._seconds = seconds

    def send_notices(
        self, ids: Sequence[int], token: str, subjects: Sequence[str], *, urgent: bool = False
    ) -> None:
        """Send all of them."""
        left: Sequence[int] = ids
        while left:
            left = self._sender.run(left, token, self._seconds).left

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        """Do our own task, and what is to be done with those of others."""
        write_documents(self.runtime, [one.key for one in effects if one.target == WRITE])
        self.call([one for one in effects if one.target != WRITE])

    def call(self, effects: Sequence[EffectRow]) -> None:
        """Tasks of other programs: called thereby, and who waits for them says how they end."""

    def reachable(self) -> bool:
        """Always."""
        return True

    def sweep(self) -> None:
        """Lost sends and dead letters go to people."""
        sweep(self.runtime.engine, self.runtime.clock)
