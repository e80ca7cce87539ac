"""People who sign in: by which address they are known, what they are, and whose line they see."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.core import Locale, UnknownLocaleError
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from state_machines.errors import Problem
from state_machines.values.instants import zone
from state_machines.values.time_errors import TimeError
from workflow.access import bells
from workflow.access.bounds import Bounds, checked_bounds
from workflow.access.principal import Principal
from workflow.access.role import OF_PEOPLE, Role
from workflow.errors import InvalidQuery, NotFound
from workflow.store import schema
from workflow.store.port import Store, Transaction

_PERSON = schema.people.c
_COLUMNS = tuple(
    _PERSON[name]
    for name in (
        "id", "address", "name", "roles", "teams", "language", "zone", "shortcuts", "created_at",
        "disabled_at",
    )
)  # fmt: skip
LONGEST = 254
"""Characters of an address, or of a name."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in.

    Attributes:
        id: of the row; it never changes.
        address: by which they are known, in the ledger too: in lower case.
        roles: one at least; the strongest says what they may.
        teams: whose line they see besides what is nobody's; empty: all.
        language: ``en`` or ``de``; None: as their browser asks.
        zone: by whose clock they read times; None: that of the house.
        shortcuts: whether single keys do something on their pages.
        created_at, disabled_at: UTC; disabled they may not sign in.
    """

    id: str
    address: str
    name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...]
    language: str | None
    zone: str | None
    shortcuts: bool
    created_at: datetime
    disabled_at: datetime | None

    @property
    def role(self) -> Role:
        """The strongest of their roles."""
        return max(self.roles, key=OF_PEOPLE.index)

    def principal(self, session: str, since: datetime) -> Principal:
        """As whom they speak by a session of theirs with this id, which began at `since`."""
        claimed = tuple(role.value for role in reversed(OF_PEOPLE) if role in self.roles)
        authorities = None if self.role is Role.ADMIN else claimed
        bounds = Bounds(teams=self.teams or None, authorities=authorities)
        return Principal(session, self.name, self.role, since, person=self.address, bounds=bounds)


def address_of(text: str) -> str:
    """The one spelling of an address of mail: without spaces around it, in lower case."""
    return text.strip().lower()


def checked(
    address: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    teams: Iterable[str] = (),
    language: str | None = None,
    zone_name: str | None = None,
) -> Person:
    """Somebody new, who is not stored yet. Raises InvalidQuery, naming field and rule."""
    made = Person(
        secrets.token_hex(8), address_of(address), name.strip(), tuple(dict.fromkeys(roles)),
        tuple(dict.fromkeys(teams)), language or None, zone_name or None, True, now, None,
    )  # fmt: skip
    problems = list(_problems(made))
    if problems:
        raise InvalidQuery(problems)
    return made


def add(store: Store, person: Person) -> Person:
    """Store somebody new, who has no password yet. Raises InvalidQuery where the address is somebody's."""
    try:
        with store.begin() as transaction:
            insert_person(transaction, person)
    except IntegrityError:
        message = f"{person.address} is somebody's already"
        raise InvalidQuery([Problem("address", "taken", message)]) from None
    return person


def insert_person(transaction: Transaction, person: Person) -> None:
    """Write somebody new. Raises sqlalchemy.exc.IntegrityError where the address is somebody's."""
    row = {name: getattr(person, name) for name in Person.__slots__}
    row |= {"roles": [role.value for role in person.roles], "teams": list(person.teams)}
    transaction.connection.execute(insert(schema.people).values(row))


def find(store: Store, address: str) -> Person:
    """Who is known by this address, however it is spelt. Raises NotFound."""
    with store.connect() as connection:
        row = connection.execute(select(*_COLUMNS).where(_PERSON.address == address_of(address))).first()
    if row is None:
        raise NotFound(f"people: nobody is known by {address!r}")
    return person_of(row)


def listed(store: Store) -> list[Person]:
    """Everybody, by address; those who are disabled, too."""
    with store.connect() as connection:
        return [person_of(row) for row in connection.execute(select(*_COLUMNS).order_by(_PERSON.address))]


def page_of(store: Store, after: str, limit: int) -> list[Person]:
    """So many of them behind this address, by address."""
    query = select(*_COLUMNS).where(_PERSON.address > after).order_by(_PERSON.address).limit(limit)
    with store.connect() as connection:
        return [person_of(row) for row in connection.execute(query)]


def anybody(store: Store) -> bool:
    """Whether there is anybody at all."""
    with store.connect() as connection:
        return bool(connection.scalar(select(func.count()).select_from(schema.people)))


def change(store: Store, address: str, **said: Any) -> Person:
    """Change what is said: name, roles, teams, language, zone, shortcuts. Raises NotFound, InvalidQuery.

    Whoever is signed in has the new roles and teams with the next request.
    """
    known = find(store, address)
    changed = Person(**{name: said.get(name, getattr(known, name)) for name in Person.__slots__})
    problems = list(_problems(changed))
    if problems:
        raise InvalidQuery(problems)
    values: Mapping[str, Any] = {name: _stored(getattr(changed, name)) for name in said}
    with store.begin() as transaction:
        transaction.connection.execute(update(schema.people).where(_PERSON.id == known.id).values(values))
    return changed


def disable(store: Store, address: str, now: datetime | None) -> Person:
    """Nobody signs in by this address from `now` on, and their sessions and bells are over; None: again.

    Raises NotFound.
    """
    known = find(store, address)
    with store.begin() as transaction:
        execute = transaction.connection.execute
        execute(update(schema.people).where(_PERSON.id == known.id).values(disabled_at=now))
        if now is not None:
            session = schema.sessions.c
            theirs = (session.person_id == known.id, session.ended_at.is_(None))
            execute(update(schema.sessions).where(*theirs).values(ended_at=now))
            bells.end(transaction, schema.bells.c.person_id == known.id, now, bells.DISABLED)
    return find(store, address)


def person_of(row: Row[*tuple[Any, ...]]) -> Person:
    """Somebody as their row says."""
    return Person(
        row.id, row.address, row.name, tuple(Role(one) for one in row.roles), tuple(row.teams), row.language,
        row.zone, row.shortcuts, row.created_at, row.disabled_at,
    )  # fmt: skip


PERSON_COLUMNS = _COLUMNS
"""What `person_of` reads."""


def _stored(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, tuple) else value


def _problems(person: Person) -> Iterable[Problem]:
    mailbox, _, host = person.address.rpartition("@")
    if not mailbox or not host or len(person.address) > LONGEST or not person.address.isprintable():
        yield Problem("address", "email", "must be an address of mail, such as olga@shop.example")
    if any(sign.isspace() for sign in person.address):
        yield Problem("address", "email", "must have no space in it")
    if not person.name or len(person.name) > LONGEST or not person.name.isprintable():
        yield Problem("name", "required", f"must say what they are called, in {LONGEST} characters at most")
    if not person.roles or any(role not in OF_PEOPLE for role in person.roles):
        yield Problem("roles", "required", f"must be one or more of {', '.join(OF_PEOPLE)}")
    if person.language is not None and not _is_language(person.language):
        yield Problem("language", "unknown", "must be a language by its code of ISO 639, such as de")
    if person.zone is not None:
        try:
            zone(person.zone)
        except TimeError as error:
            yield Problem("zone", error.rule, error.message)
    try:
        checked_bounds(teams=person.teams)
    except InvalidQuery as error:
        yield from error.problems


def _is_language(code: str) -> bool:
    """Whether there is one; which of them pages speak is theirs to know."""
    try:
        return len(code) <= 3 and Locale.parse(code).language == code
    except (ValueError, UnknownLocaleError):
        return False
