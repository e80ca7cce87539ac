"""An installation examined: what is configured, what answers, and what waits longer than it should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from state_machines.errors import StateMachineError
from workflow.broker.app import celery_app
from workflow.broker.celery_settings import broker_url
from workflow.broker.client import Broker
from workflow.clock import Clock, clock_from
from workflow.engine.registry import Registry, catalog_sources, file_sources
from workflow.errors import MakegoodError
from workflow.maintenance.waiting import Backlog, backlog
from workflow.settings import Settings
from workflow.store import Store, head, open_store, revision

LATE_SECONDS = 60.0
"""What is due for longer (real time) means that no worker does its work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, whether it is as it should be, and in words how it is."""

    name: str
    well: bool
    words: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding after another; what cannot be looked at is a finding too."""
    yield from _configured(settings)
    yield _broker(settings)
    try:
        store = open_store(settings.database)
    except MakegoodError as error:
        yield Finding("database", False, str(error))
        return
    try:
        yield from _stored(settings, store)
    finally:
        store.close()


def _configured(settings: Settings) -> Iterator[Finding]:
    yield Finding("data directory", True, str(settings.data_dir.resolve()))
    yield Finding("database URL", *_shown(settings.database))
    yield Finding(
        "lifecycles", True, str(settings.lifecycles) if settings.lifecycles else "the catalog alone"
    )
    yield Finding("clock", True, f"{settings.clock}, now {clock_from(settings.clock).now().isoformat()}")


def _shown(url: str) -> tuple[bool, str]:
    """A URL without its password."""
    try:
        return True, make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return False, "is not a URL"


def _broker(settings: Settings) -> Finding:
    try:
        url = broker_url(settings)
        broker = Broker(celery_app(settings))
    except MakegoodError as error:
        return Finding("broker", False, str(error))
    try:
        answers = broker.reachable()
    finally:
        broker.close()
    return Finding("broker", answers, f"{_shown(url)[1]} {'answers' if answers else 'does not answer'}")


def _stored(settings: Settings, store: Store) -> Iterator[Finding]:
    try:
        found, newest = revision(store), head()
    except SQLAlchemyError as error:
        yield Finding("database", False, f"does not answer: {type(error).__name__}")
        return
    yield Finding("database", True, f"{store.dialect} answers")
    if found != newest:
        yield Finding("schema", False, f"is at {found or 'nothing'}, not at {newest}: run `makegood migrate`")
        return
    yield Finding("schema", True, f"is at {found}, the newest")
    clock = clock_from(settings.clock)
    yield _definitions(settings, store, clock.now())
    yield from _waiting(backlog(store, clock.now()), clock)


def _definitions(settings: Settings, store: Store, now: datetime) -> Finding:
    registry = Registry(store)
    try:
        registry.register([*catalog_sources(), *file_sources(settings.lifecycles)], now)
    except (MakegoodError, StateMachineError, OSError) as error:
        return Finding("definitions", False, str(error))
    known = ", ".join(f"{name} {registry.latest(name).version}" for name in registry.names())
    return Finding("definitions", True, known)


def _waiting(waiting: Backlog, clock: Clock) -> Iterator[Finding]:
    yield _lateness("events not decided", waiting.events, waiting, waiting.oldest_event, clock)
    yield _lateness("timers due", waiting.timers, waiting, waiting.oldest_timer, clock)
    unsettled = sum(count for state, count in waiting.effects.items() if state not in ("dead", "unknown"))
    yield _lateness("effects not settled", unsettled, waiting, waiting.oldest_effect, clock)
    dead_effects = waiting.effects.get("dead", 0)
    dead = f"{waiting.dead_events} events, {waiting.dead_timers} timers, {dead_effects} effects"
    yield Finding("dead letters", waiting.dead == 0, dead)
    unknown = waiting.effects.get("unknown", 0)
    yield Finding("effects of unknown outcome", unknown == 0, str(unknown))


def _lateness(name: str, count: int, waiting: Backlog, since: datetime | None, clock: Clock) -> Finding:
    if since is None:
        return Finding(name, True, f"{count}, none of them late")
    age = waiting.age(since)
    late = age > clock.real(LATE_SECONDS)
    advice = "; is a worker running?" if late else ""
    return Finding(name, not late, f"{count}, the oldest for {age.total_seconds():.1f} s{advice}")
