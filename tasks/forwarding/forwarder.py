"""The forwarder's loop: takes subscriptions that are due, and gives each its turn, many at the same time.

Of several forwarders each takes others. A receiver that is slow or dead holds nothing but its own turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar, TypeVarTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tasks.channels.guarded_network import GuardedClient
from tasks.forwarding.receiver import Receiver
from tasks.forwarding.turn import AT_ONCE, SECONDS, Turn
from workflow.clock import Clock
from workflow.engine.transient_errors import described
from workflow.settings import Settings
from workflow.store.port import Store
from workflow.store.watermark import Watermark
from workflow.subscriptions.networks import networks_of
from workflow.subscriptions.turns import Place, claim, finish, work_of

Given = TypeVarTuple("Given")
Made = TypeVar("Made")

TURNS = 64
"""Subscriptions that one process serves at the same time."""
EVERY = 0.1
"""Seconds between two looks where nothing is due."""
_DATABASE_THREADS = 4
_NAME_THREADS = 4 * TURNS
"""In which names are resolved: one that no server answers holds one, longer than the turn that asked."""
_AFTER_ERROR = 1.0
_MARGIN_SECONDS = 5.0
"""Of a turn's lease, beyond what a turn takes at most: a killed process keeps a subscription no longer."""

log = structlog.get_logger(__name__)


class Forwarder:
    """Sends changes to subscriptions. One a process."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        """Raises SettingsError for networks that are none."""
        self._store = store
        self._clock = clock
        self._networks = networks_of(settings.subscription_networks)
        self._seconds = settings.subscription_seconds
        self._failing = timedelta(days=settings.subscription_failing_days)
        self._lease = timedelta(seconds=SECONDS + settings.subscription_seconds + _MARGIN_SECONDS)
        self._watermark = Watermark(store)
        self._threads = ThreadPoolExecutor(_DATABASE_THREADS, "database")

    async def run(self, over: Callable[[], bool]) -> None:
        """Serve until it is over; what is being sent then is waited for."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_NAME_THREADS, "names"))
        turns: set[asyncio.Task[None]] = set()
        async with self._client() as client:
            while not over():
                places = await self._claimed(TURNS - len(turns))
                turns |= {asyncio.create_task(self._turn(client, one)) for one in places}
                if not places and turns:  # one that is over may have left more to be sent
                    await asyncio.wait(turns, timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
                elif not places:
                    await asyncio.sleep(EVERY)
                turns = {one for one in turns if not one.done()}
            await asyncio.gather(*turns)

    async def run_once(self) -> int:
        """Give every subscription that is due now one turn; how many there were."""
        async with self._client() as client:
            places = await self._claimed(TURNS)
            await asyncio.gather(*(self._turn(client, one) for one in places))
        return len(places)

    def _client(self) -> GuardedClient:
        return GuardedClient(self._networks, TURNS * AT_ONCE)

    async def _claimed(self, limit: int) -> list[Place]:
        if limit == 0:
            return []
        try:
            return await self._in_thread(claim, self._store, self._clock.now(), self._lease, limit)
        except SQLAlchemyError as error:
            log.error("subscriptions cannot be looked for", error=described(error))
            await asyncio.sleep(_AFTER_ERROR)
            return []

    async def _in_thread(self, do: Callable[[*Given], Made], *given: *Given) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *given)

    async def _turn(self, client: GuardedClient, place: Place) -> None:
        """One turn; one that fails leaves everything as it was, until its lease ends."""
        try:
            work = await self._in_thread(work_of, self._store, self._watermark, place, self._clock.now())
            receiver = Receiver(client, place.url, place.secrets, self._clock, self._seconds)
            result = await Turn(place, receiver, self._clock, self._failing).run(work)
            now = self._clock.now()
            if not await self._in_thread(finish, self._store, place, work, result, now):
                log.info("a turn was taken over, and what it sent is sent again", subscription=place.id)
            if result.disabled is not None:
                log.error("a subscription is disabled", subscription=place.id, reason=result.disabled)
        except SQLAlchemyError as error:
            log.error("a turn failed", subscription=place.id, error=described(error))
        except Exception:
            log.exception("a turn failed", subscription=place.id)
