"""Bells are told that somebody new waits, that they were heard, and that they are over.

A bell is a subject, `bell:<id>`: when it rings, how often, and when it rests is its lifecycle's; what it says
goes out as a notice over the channel `push`. Who waits is looked at here, in the line as its person sees it.
Who has been heard stands in the bell's row and not in the ledger, which so learns of each bell only what it
decides. Any number of processes look at once: what a subject is told is named by the version of the row that
it was found in, so that the first counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, select
from sqlalchemy.exc import IntegrityError

from state_machines.errors import Problem
from workflow.access import bells
from workflow.access.bells import BELL_COLUMNS, LIFECYCLE, MOST, Bell, PushAddress, bell_of
from workflow.access.people import Person
from workflow.clock import Clock, real_time
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent, InvalidQuery, NotFound
from workflow.recovery.contact.push_keys import SECRET, PushKeys
from workflow.recovery.desk.item import Item, Kind
from workflow.recovery.desk.line import Wishes, line
from workflow.store import schema
from workflow.store.own_sources import BELL_SOURCE
from workflow.store.port import Store, Transaction
from workflow.store.secrets import secret

KEPT = timedelta(days=60)
"""A bell whose browser has not shown itself for so long is over."""
MOST_WAITING = 50
"""Of the line, how many are looked at."""
_NOTED_EVERY = timedelta(hours=1)
_AT_ONCE = 100
_BELL, _PERSON = schema.bells.c, schema.people.c

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BellWish:
    """What somebody wants of a bell.

    Attributes:
        address: where their browser is reached.
        server_key: our public key for which it asked.
        browser: what it says it is.
        quiet: when it keeps quiet, such as ``("20:00", "08:00")``; None: never.
        zone: by whose clock, by name; None: UTC.
        language: in which it speaks.
    """

    address: PushAddress
    server_key: str
    browser: str
    quiet: tuple[str, str] | None
    zone: str | None
    language: str

    def told_of(self, id: str) -> dict[str, Any]:
        """What the subject of the bell with this id knows of its browser."""
        quiet = {"quiet_hours": ["-".join(self.quiet)]} if self.quiet is not None else {}
        return {"push": id, "zone": self.zone or "UTC", "language": self.language, **quiet}


def push_keys(store: Store, now: datetime) -> PushKeys:
    """By which push services know this installation."""
    return PushKeys.of(secret(store, SECRET, now))


def switch_on(engine: Engine, person: Person, session: str, wish: BellWish) -> str | None:
    """Have a bell ring in a browser of somebody, or in other quiet hours; who waits by now is not rung for.

    Where it is somebody else's browser, their bell there is over.

    Returns:
        The key of its subject, where that has something to decide.

    Raises:
        InvalidQuery: there are too many.
    """
    store, now = engine.store, real_time(engine.clock).now()
    known = bells.at_address(store, wish.address)
    if known is not None and known.person_id == person.id:
        return _changed(engine, known, session, wish, now)
    if len(bells.listed(store, person.id)) >= MOST:
        raise InvalidQuery([Problem("endpoint", "most", f"{MOST} browsers at most: remove one first")])
    heard = [item.key for item in _line_of(store, engine.clock.now(), person.teams)]
    quiet_from, quiet_to = wish.quiet or (None, None)
    made = Bell(
        secrets.token_hex(8), person.id, session, wish.address.endpoint, wish.address.public_key,
        wish.address.auth, wish.server_key, wish.browser, quiet_from, quiet_to, now, now, None, heard,
        told=False, version=0,
    )  # fmt: skip

    def keep(transaction: Transaction) -> None:
        if known is not None:
            bells.end(transaction, _BELL.id == known.id, now, bells.OTHERS)
        bells.add(transaction, replace(made, version=1))  # its subject has heard of none before

    try:
        _say(engine, made, "switch_on", {"browser": wish.told_of(made.id)}, keep)
    except IntegrityError:  # the same browser asked twice at once, and the other request was faster
        return None
    return made.key


def _changed(engine: Engine, known: Bell, session: str, wish: BellWish, now: datetime) -> str | None:
    """A browser says again that it wants its bell: mostly as before, which is no news."""
    quiet_from, quiet_to = wish.quiet or (None, None)
    values = {
        "session_id": session, "public_key": wish.address.public_key, "auth": wish.address.auth,
        "server_key": wish.server_key, "quiet_from": quiet_from, "quiet_to": quiet_to, "seen_at": now,
    }  # fmt: skip
    browser = wish.told_of(known.id)
    if browser != _known_browser(engine.store, known):
        said = _say(engine, known, "switch_on", {"browser": browser}, _writes(known, values))
        return known.key if said else None
    same = {name: getattr(known, name) for name in values} | {"seen_at": now}
    if values != same or now - known.seen_at >= _NOTED_EVERY:
        with engine.store.begin() as transaction:
            bells.write(transaction, known, **values)
    return None


def remove(engine: Engine, person: Person, id: str) -> None:
    """Switch one of somebody's bells off. Raises NotFound where it is none of theirs."""
    now = real_time(engine.clock).now()
    with engine.store.begin() as transaction:
        theirs = (_BELL.id == id) & (_BELL.person_id == person.id)
        if not bells.end(transaction, theirs, now, bells.REMOVED):
            raise NotFound(f"bell: {id!r} is none of yours")


def heard(engine: Engine, person: Person) -> list[str]:
    """Somebody has heard that those wait who do now; the keys of bells that stop ringing, all of theirs."""
    store = engine.store
    waiting = [item.key for item in _line_of(store, engine.clock.now(), person.teams)]
    stopped = []
    for bell in bells.listed(store, person.id):
        if bell.told:
            values = {"heard": waiting, "told": False}
            if _say(engine, bell, "heard", {}, _writes(bell, values)):
                stopped.append(bell.key)
        elif list(bell.heard) != waiting:
            with store.begin() as transaction:
                bells.write(transaction, bell, heard=waiting)
    return stopped


def look_after_bells(engine: Engine, clock: Clock) -> int:
    """Tell each bell that somebody new waits, or nobody any more; take away those that are over.

    Returns:
        How many were told something.
    """
    try:
        return sum(_take_away(engine, row) for row in _ended(engine.store)) + _look(engine, clock)
    except InvalidEvent as error:  # a bell of the installation's own that knows no such trigger
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("bells do not hear who waits", refused=rules)
        return 0


def _look(engine: Engine, clock: Clock) -> int:
    store, now, said = engine.store, real_time(clock).now(), 0
    on = _on(store)
    ours = push_keys(store, now).public if on else ""
    lines: dict[tuple[str, ...], list[Item]] = {}
    for bell, teams in on:
        if bell.server_key != ours or now - bell.seen_at > KEPT:
            bells.end_one(store, bell.id, now, bells.OTHER_KEY if bell.server_key != ours else bells.UNUSED)
            continue
        if teams not in lines:
            lines[teams] = _line_of(store, clock.now(), teams)
        said += _look_after(engine, bell, lines[teams])
    return said


def _look_after(engine: Engine, bell: Bell, waiting: Sequence[Item]) -> bool:
    """Tell one bell what is new; whether anything was."""
    keys = {item.key for item in waiting}
    known = [key for key in bell.heard if key in keys]
    fresh = [item for item in waiting if item.key not in known]
    if fresh and not bell.told:
        data = {"waiting": len(fresh), "page": _page_of(fresh)}
        return _say(engine, bell, "somebody_waits", data, _writes(bell, {"heard": known, "told": True}))
    if not fresh and bell.told:
        return _say(engine, bell, "nobody_waits", {}, _writes(bell, {"heard": known, "told": False}))
    if len(known) < len(bell.heard):  # who comes back to the line is new again
        with engine.store.begin() as transaction:
            bells.write(transaction, bell, heard=known)
    return False


def _page_of(items: Iterable[Item]) -> str:
    """Where they stand."""
    return "/decisions" if all(item.kind is Kind.ESCALATION for item in items) else "/line"


def _line_of(store: Store, now: datetime, teams: Sequence[str]) -> list[Item]:
    """Who waits for somebody of these teams; none: of all."""
    return line(store, now, Wishes(desks=frozenset(teams) if teams else None), MOST_WAITING)


def _on(store: Store) -> list[tuple[Bell, tuple[str, ...]]]:
    """All that are on, with the teams of their people."""
    query = (
        select(*BELL_COLUMNS, _PERSON.teams)
        .join_from(schema.bells, schema.people, _PERSON.id == _BELL.person_id)
        .where(_BELL.ended_at.is_(None), _PERSON.disabled_at.is_(None))
        .order_by(_BELL.id)
    )
    with store.connect() as connection:
        return [(bell_of(row), tuple(row.teams)) for row in connection.execute(query)]


def _ended(store: Store) -> list[Row[Any]]:
    """Some of those whose subject has not heard yet that they are over."""
    query = select(_BELL.id, _BELL.reason).where(_BELL.ended_at.is_not(None)).order_by(_BELL.ended_at)
    with store.connect() as connection:
        return list(connection.execute(query.limit(_AT_ONCE)))


def _known_browser(store: Store, bell: Bell) -> Any:
    """What its subject knows of its browser; None: nothing yet."""
    query = select(schema.subjects.c.data).where(schema.subjects.c.key == bell.key)
    with store.connect() as connection:
        data = connection.execute(query).scalar()
    return (data or {}).get("browser")


def _take_away(engine: Engine, row: Row[Any]) -> bool:
    """Tell its subject that one is over, and forget it."""

    def forget(transaction: Transaction) -> None:
        transaction.connection.execute(delete(schema.bells).where(_BELL.id == row.id))

    event = _event(engine, row.id, "off", "switch_off", {"reason": row.reason or ""})
    engine.acceptor.store_one(engine.acceptor.check([event]), forget)
    return True


def _say(
    engine: Engine, bell: Bell, trigger: str, data: dict[str, Any], keep: Callable[[Transaction], None]
) -> bool:
    """Tell a subject something, and write what is so from then on; whether nobody else was faster."""
    event = _event(engine, bell.id, str(bell.version), trigger, data)
    try:
        (answer,) = engine.acceptor.store_one(engine.acceptor.check([event]), keep)
    except _Changed:
        return False
    return answer.status == "accepted"


def _event(engine: Engine, id: str, number: str, trigger: str, data: dict[str, Any]) -> CloudEvent:
    """Named by the version of the row that it was found in: what came of it is found in the next one."""
    now = engine.clock.now()
    return CloudEvent(f"{id}/{number}", BELL_SOURCE, f"{LIFECYCLE}.{trigger}", f"{LIFECYCLE}:{id}", now, data)


def _writes(bell: Bell, values: dict[str, Any]) -> Callable[[Transaction], None]:
    """Writes the row with the event. Raises _Changed, so that neither is so, where it is another by now."""

    def keep(transaction: Transaction) -> None:
        if not bells.write(transaction, bell, **values):
            raise _Changed

    return keep


class _Changed(Exception):
    """The row is another one by now, or off: whoever wrote it knows better."""
