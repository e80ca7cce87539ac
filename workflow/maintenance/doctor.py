"""An installation examined: what is configured, what answers, and what waits longer than it should."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from state_machines.errors import StateMachineError
from workflow.access import keys
from workflow.broker.app import celery_app
from workflow.broker.celery_settings import broker_url
from workflow.broker.client import Broker
from workflow.broker.redis_cluster import refuse_cluster
from workflow.clock import Clock, HeldClock, clock_from
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.definition_sources import catalog_sources, file_sources
from workflow.engine.registry import Registry
from workflow.engine.runtime import marks_file
from workflow.engine.transient_errors import described
from workflow.errors import MakegoodError, StoreError
from workflow.maintenance.backlog import Backlog, FullCount, Queue, full_count
from workflow.maintenance.check_result import CheckResult
from workflow.maintenance.search_index import index_check
from workflow.queries.subjects import never_opened
from workflow.settings import Settings
from workflow.store import Store, head, open_store, revision
from workflow.store.purpose import Purpose, known_purpose, refuse_another
from workflow.store.writability import why_no_writes
from workflow.telemetry import tracing

LATE_SECONDS = 60.0
"""What is due for longer (real time) means that no worker does its work."""


Further = Callable[[Store, datetime], Iterable[CheckResult]]
"""What else is looked at in a store whose tables are the newest, at an instant (UTC)."""


def examine(settings: Settings, further: Further | None = None) -> Iterator[CheckResult]:
    """Look at everything, one result after another; what cannot be looked at has a result too.

    `further` is for what the engine knows nothing of.
    """
    yield from _configured(settings)
    yield _broker(settings)
    try:
        store = open_store(settings.database)
    except MakegoodError as error:
        yield CheckResult("database", False, str(error))
        return
    try:
        yield from _stored(settings, store, further)
    finally:
        store.close()


def _configured(settings: Settings) -> Iterator[CheckResult]:
    yield CheckResult("data directory", True, str(settings.data_dir.resolve()))
    yield CheckResult("database URL", *_shown(settings.database))
    yield CheckResult(
        "lifecycles", True, str(settings.lifecycles) if settings.lifecycles else "the catalog alone"
    )
    marks = marks_file(settings)
    usable = DecisionMarks(marks).can_be_shared()
    fault = "" if usable else " cannot be used: what kills a worker in a decision will do so again and again"
    yield CheckResult("decision marks", usable, f"{marks}{fault}")
    yield _clock(settings)
    if tracing.is_wanted():
        fault = "" if tracing.is_installed() else ", which nothing does: makegood[otel] is not installed"
        yield CheckResult("traces", not fault, f"are to go to {tracing.destination()}{fault}")


def _clock(settings: Settings) -> CheckResult:
    try:
        now = clock_from(settings.clock).now()
    except FileNotFoundError:
        missing = f"{settings.clock}: there is no such file; `makegood up --sandbox` makes it"
        return CheckResult("clock", False, missing)
    return CheckResult("clock", True, f"{settings.clock}, now {now.isoformat()}")


def _agreement(ahead: float) -> CheckResult:
    """Whether this machine and the database's know the same time."""
    if abs(ahead) <= HeldClock.TOLERANCE:
        return CheckResult("clock of the database", True, "shows the same time as this machine's")
    if ahead > 0:
        said = f"this machine's is {ahead:.1f} s ahead of it, and is held back: nothing is decided too early"
    else:
        said = f"this machine's is {-ahead:.1f} s behind it: what is decided here is so much too late"
    return CheckResult("clock of the database", False, f"{said}; see to it that both are set (NTP)")


def _purpose(store: Store, clock: Clock) -> CheckResult:
    """What the store is for, and whether that is what these settings would have it do."""
    try:
        refuse_another(store, Purpose.of(clock))
    except StoreError as error:
        return CheckResult("purpose", False, str(error))
    words = {
        None: "nothing has run on this store yet",
        Purpose.EARNEST: "it runs in earnest",
        Purpose.SANDBOX: "it is a sandbox's",
    }
    return CheckResult("purpose", True, words[known_purpose(store)])


def _shown(url: str) -> tuple[bool, str]:
    """A URL without its password."""
    try:
        return True, make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return False, "is not a URL"


def _broker(settings: Settings) -> CheckResult:
    try:
        url = broker_url(settings)
        app = celery_app(settings)
        refuse_cluster(app)
        broker = Broker(app)
    except MakegoodError as error:
        return CheckResult("broker", False, str(error))
    try:
        answers = broker.reachable()
    finally:
        broker.close()
    return CheckResult("broker", answers, f"{_shown(url)[1]} {'answers' if answers else 'does not answer'}")


def _database(store: Store) -> CheckResult:
    try:
        reason = why_no_writes(store)
    except SQLAlchemyError as error:
        reason = f"it takes no writes: {described(error)}"
    said = f"{store.dialect} answers"
    return CheckResult("database", reason is None, said if reason is None else f"{said}, but {reason}")


def _stored(settings: Settings, store: Store, further: Further | None) -> Iterator[CheckResult]:
    try:
        found, newest = revision(store), head()
    except SQLAlchemyError as error:
        yield CheckResult("database", False, f"does not answer: {described(error)}")
        return
    yield _database(store)
    if found != newest:
        yield CheckResult(
            "schema", False, f"is at {found or 'nothing'}, not at {newest}: run `makegood migrate`"
        )
        return
    yield CheckResult("schema", True, f"is at {found}, the newest")
    if store.time is not None:
        yield _agreement(store.time.ahead())
    clock = clock_from(settings.clock)
    purpose = _purpose(store, clock)
    yield purpose
    if not (purpose.well and _clock(settings).well):
        return  # on another clock nothing is as late as it would look
    yield _definitions(settings, store, clock.now())
    yield from _waiting(full_count(store, clock.now()), clock)
    yield _unopened(store)
    yield index_check(store)
    yield _keys(store, clock.now())
    if further is not None:
        yield from further(store, clock.now())


def _definitions(settings: Settings, store: Store, now: datetime) -> CheckResult:
    registry = Registry(store)
    try:
        own = file_sources(settings.lifecycles)
        registry.refuse_unsound(own)
        registry.register([*catalog_sources(), *own], now)
    except (MakegoodError, StateMachineError, OSError) as error:
        return CheckResult("definitions", False, str(error))
    if left := registry.look_over():
        which = "; ".join(f"{one.lifecycle} {one.version}: {one}" for one in left)
        return CheckResult("definitions", False, f"not understood by this version of makegood: {which}")
    known = ", ".join(f"{name} {registry.latest(name).version}" for name in registry.names())
    return CheckResult("definitions", True, known)


def _waiting(found: FullCount, clock: Clock) -> Iterator[CheckResult]:
    backlog = found.backlog
    yield _lateness("events not decided", backlog, backlog.events, clock)
    yield _lateness("timers due", backlog, backlog.timers, clock)
    yield _lateness("effects not settled", backlog, backlog.effects, clock)
    dead_effects = found.effects.get("dead", 0)
    openings = found.refused_openings
    refused = f" ({openings} of them openings of ours that were refused)" if openings else ""
    of_work = f"{found.dead_events} events{refused}, {found.dead_timers} timers, {dead_effects} effects"
    dead = f"{of_work}, {found.dead_messages} messages"
    poison = {"ended the processes that decided them": found.ended_processes,
              "stand at the end of an endless chain": found.endless_chains}  # fmt: skip
    dead += "".join(f"; {count} {words}" for words, count in poison.items() if count)
    yield CheckResult("dead letters", found.dead == 0, dead)
    alone = f"{found.suspects} events and timers over which a process died once; each is decided alone"
    yield CheckResult("suspects", True, alone)
    yield CheckResult("discarded", True, f"{found.discards} events and timers, by operators")
    unknown = found.effects.get("unknown", 0)
    yield CheckResult("effects of unknown outcome", unknown == 0, str(unknown))


def _unopened(store: Store) -> CheckResult:
    """Nothing that is wrong here: whoever sent those events may have meant others."""
    count = never_opened(store)
    advice = "; GET /v1/subjects?opened=false lists them" if count else ""
    return CheckResult("subjects never opened", True, f"{count} whose events were all refused{advice}")


def _keys(store: Store, now: datetime) -> CheckResult:
    """Nothing that is wrong on a laptop; on a server each of these can speak in the name of every other."""
    in_force = [one for one in keys.listed(store) if one.revoked_at is None and not one.is_expired(now)]
    free = [f"{one.name} ({one.id})" for one in in_force if one.is_unlimited]
    words = f"{len(in_force)} in force"
    if free:
        words += f"; without bounds, so that each may speak for anybody: {', '.join(free)}"
    return CheckResult("keys", True, words)


def _lateness(name: str, backlog: Backlog, queue: Queue, clock: Clock) -> CheckResult:
    if queue.since is None:
        return CheckResult(name, True, f"{queue.waiting}, none of them late")
    age = backlog.age(queue)
    late = age > timedelta(seconds=LATE_SECONDS)
    advice = "; is a worker running?" if late else ""
    return CheckResult(name, not late, f"{queue.waiting}, the oldest for {age.total_seconds():.1f} s{advice}")
