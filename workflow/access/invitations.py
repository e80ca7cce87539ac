"""Links that work once: by one somebody chooses their password, by the first of all the house is set up.

Only a digest of what stands in a link is kept. A new one takes the place of those before it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from state_machines.errors import Problem
from workflow.access import passwords, people, sessions
from workflow.access.keys import digest
from workflow.access.people import Person
from workflow.access.role import Role
from workflow.errors import InvalidQuery, NotFound
from workflow.store import schema
from workflow.store.port import Store

PATH = "/welcome/"
HOLDS = timedelta(days=2)
"""How long a link may be used."""
_LINK = schema.invitations.c


def invite(store: Store, person: Person | None, now: datetime) -> str:
    """A link's token: for somebody who is to choose a password, or (None) for whoever is the first of all."""
    token = secrets.token_urlsafe(32)
    with store.begin() as transaction:
        execute = transaction.connection.execute
        execute(update(schema.invitations).where(_of(person), _LINK.used_at.is_(None)).values(used_at=now))
        execute(
            insert(schema.invitations).values(
                digest=digest(token),
                person_id=None if person is None else person.id,
                created_at=now,
                expires_at=now + HOLDS,
                used_at=None,
            )
        )
    return token


def invited(store: Store, token: str, now: datetime) -> Person | None:
    """Whom a link is for; None: whoever is the first. Raises NotFound where it is over, or never was."""
    with store.connect() as connection:
        link = connection.execute(select(_LINK.person_id).where(*_open(token, now))).first()
        if link is None:
            raise NotFound("link: it has been used, it is too old, or it never was")
        if link.person_id is None:
            return None
        query = select(*people.PERSON_COLUMNS).where(schema.people.c.id == link.person_id)
        return people.person_of(connection.execute(query).one())


def choose(store: Store, token: str, password: str, now: datetime) -> Person:
    """Give whom the link is for this password; all of their sessions are over with it.

    Raises:
        NotFound: the link opens nothing (any more).
        InvalidQuery: the password is not taken; the link still works.
    """
    person = invited(store, token, now)
    if person is None:
        raise NotFound("link: it is for whoever sets this house up")
    kept = passwords.hashed(password, person.address, person.name)
    with store.begin() as transaction:
        execute = transaction.connection.execute
        _use(execute(update(schema.invitations).where(*_open(token, now)).values(used_at=now)).rowcount)
        execute(update(schema.people).where(schema.people.c.id == person.id).values(password=kept))
        execute(delete(schema.failed_attempts).where(schema.failed_attempts.c.name == digest(person.address)))
        sessions.end_all(transaction, person.id, now)
    return person


def replace_password(store: Store, person: Person, password: str, now: datetime, *, but: str) -> None:
    """Give somebody who is known by their session `but` another password; all others of theirs are over.

    Raises InvalidQuery where it is not taken.
    """
    kept = passwords.hashed(password, person.address, person.name)
    with store.begin() as transaction:
        changed = update(schema.people).where(schema.people.c.id == person.id).values(password=kept)
        transaction.connection.execute(changed)
        sessions.end_all(transaction, person.id, now, but=but)


def set_up(
    store: Store, token: str, address: str, name: str, password: str, language: str | None, now: datetime
) -> Person:
    """Make whoever opened the first link this installation's first person, an admin. Raises as `choose`."""
    if invited(store, token, now) is not None:
        raise NotFound("link: it is for somebody who is known already")
    roles = (Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)
    problems: list[Problem] = []
    try:
        made = people.checked(address, name, roles, now, language=language)
    except InvalidQuery as error:
        problems += error.problems
    try:
        kept = passwords.hashed(password, address, name)
    except InvalidQuery as error:
        problems += error.problems
    if problems:
        raise InvalidQuery(problems)
    with store.begin() as transaction:
        execute = transaction.connection.execute
        _use(execute(update(schema.invitations).where(*_open(token, now)).values(used_at=now)).rowcount)
        if transaction.connection.scalar(select(func.count()).select_from(schema.people)):
            raise InvalidQuery([Problem("link", "set-up", "this house has been set up already")])
        people.insert_person(transaction, made)
        execute(update(schema.people).where(schema.people.c.id == made.id).values(password=kept))
    return made


def _of(person: Person | None) -> ColumnElement[bool]:
    return _LINK.person_id.is_(None) if person is None else _LINK.person_id == person.id


def _open(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_LINK.digest == digest(token), _LINK.used_at.is_(None), _LINK.expires_at > now)


def _use(rows: int) -> None:
    """Of two who use a link at once one is too late."""
    if rows == 0:
        raise NotFound("link: it has been used")
