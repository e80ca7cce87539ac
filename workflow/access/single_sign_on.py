"""Signing in at an identity provider: what is under way, and who somebody is here whom it knows.

What is under way stands in SQL, bound to the browser that began it, and is taken once. Whom the provider
knows is bound to a person the first time, by a verified address; from then on by the provider's own name for
them, so that an address that changes hands opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from workflow.access import people
from workflow.access.keys import digest
from workflow.access.people import PERSON_COLUMNS, Person, person_of
from workflow.access.role import OF_PEOPLE, Role
from workflow.errors import InvalidQuery, MakegoodError
from workflow.store import schema
from workflow.store.port import Store

HOLDS = timedelta(minutes=10)
"""How long somebody may take to sign in there."""
_ON, _ID, _PERSON = schema.sign_ons.c, schema.identities.c, schema.people.c


class WrongSignOn(MakegoodError):
    """Nobody signs in by this; `rule` says why."""

    def __init__(self, rule: str, message: str, address: str = "") -> None:
        self.rule, self.address = rule, address
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class SignOn:
    """A sign-in that is under way.

    Attributes:
        state: what the provider gives back.
        browser: what the cookie of this browser holds.
        nonce, verifier: what the provider's token must hold, and what the code is exchanged with.
    """

    state: str
    browser: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class RolesClaim:
    """Where a provider says what somebody is: in which claim, and which role each of its values is."""

    path: str
    roles: Mapping[str, str]

    def of(self, claims: Mapping[str, Any]) -> tuple[Role, ...]:
        """The roles that these claims give; empty: none."""
        found: Any = claims
        if self.path in claims:  # a name may have dots or slashes in it
            found = claims[self.path]
        else:
            for name in self.path.split("."):
                found = found.get(name) if isinstance(found, Mapping) else None
        said = {found} if isinstance(found, str) else {one for one in found or () if isinstance(one, str)}
        given = {self.roles[one] for one in said if one in self.roles}
        return tuple(role for role in OF_PEOPLE if role.value in given)


def begin(store: Store, path: str, now: datetime) -> SignOn:
    """Note that somebody goes to sign in, to be led to `path` then; what is too old is forgotten."""
    made = SignOn(*(secrets.token_urlsafe(32) for _ in range(4)))
    with store.begin() as transaction:
        execute = transaction.connection.execute
        execute(delete(schema.sign_ons).where(_ON.expires_at <= now))
        execute(
            insert(schema.sign_ons).values(
                digest=digest(made.state),
                browser=digest(made.browser),
                nonce=made.nonce,
                verifier=made.verifier,
                path=path,
                expires_at=now + HOLDS,
            )
        )
    return made


def take(store: Store, state: str, browser: str, now: datetime) -> tuple[SignOn, str]:
    """What was begun with this state in this browser, and where to lead them; it is taken once.

    Raises WrongSignOn where it never was, is too old, was taken, or began in another browser.
    """
    mine = (_ON.digest == digest(state), _ON.browser == digest(browser), _ON.expires_at > now)
    with store.begin() as transaction:
        taken = delete(schema.sign_ons).where(*mine).returning(_ON.nonce, _ON.verifier, _ON.path)
        row = transaction.connection.execute(taken).first()
    if row is None:
        raise WrongSignOn("state", "this sign-in did not begin in this browser, is over, or took too long")
    return SignOn(state, browser, row.nonce, row.verifier), row.path


def person_by(
    store: Store, issuer: str, claims: Mapping[str, Any], wanted: RolesClaim, now: datetime
) -> Person:
    """Who that is here, of whom the provider says this; whoever comes for the first time is bound to it.

    Raises WrongSignOn: who may not sign in, has no verified address, was not invited and has no role, or has
    an address that is bound to somebody else there.
    """
    subject = str(claims["sub"])
    roles = wanted.of(claims)
    with store.connect() as connection:
        joined = select(*PERSON_COLUMNS, _ID.is_mapped).join_from(
            schema.identities, schema.people, _PERSON.id == _ID.person_id
        )
        row = connection.execute(joined.where(_ID.issuer == issuer, _ID.subject == subject)).first()
    if row is None:
        person = _bound(store, issuer, subject, claims, roles, now)
    else:
        person = person_of(row)
        if row.is_mapped:
            person = _with_roles(store, person, roles)
    if person.disabled_at is not None:
        raise WrongSignOn("disabled", "this person is let in no more", person.address)
    return person


def _bound(
    store: Store, issuer: str, subject: str, claims: Mapping[str, Any], roles: tuple[Role, ...], now: datetime
) -> Person:
    """Bind whoever comes for the first time to whom their address names, or make them."""
    address = people.address_of(str(claims.get("email") or ""))
    if not address or claims.get("email_verified") not in (True, "true"):
        raise WrongSignOn("unverified", "the provider has not verified an address of theirs", address)
    with store.connect() as connection:
        row = connection.execute(select(*PERSON_COLUMNS).where(_PERSON.address == address)).first()
    if row is None and not roles:
        raise WrongSignOn("uninvited", "nobody has invited them, and nothing gives them a role", address)
    try:
        known = None if row is None else person_of(row)
        person = known or people.checked(address, str(claims.get("name") or address), roles, now)
        with store.begin() as transaction:
            if known is None:
                people.insert_person(transaction, person)
            transaction.connection.execute(
                insert(schema.identities).values(
                    issuer=issuer,
                    subject=subject,
                    person_id=person.id,
                    is_mapped=known is None,
                    created_at=now,
                )
            )
    except IntegrityError:
        raise WrongSignOn(
            "taken", "this address is bound to somebody else at the provider", address
        ) from None
    except InvalidQuery as error:
        raise WrongSignOn("person", str(error), address) from None
    return person


def _with_roles(store: Store, person: Person, roles: tuple[Role, ...]) -> Person:
    """Whom the provider made is what it says each time. Raises WrongSignOn where that is nothing any more."""
    if not roles:
        raise WrongSignOn("uninvited", "nothing gives them a role any more", person.address)
    if roles == person.roles:
        return person
    values = {"roles": [role.value for role in roles]}
    with store.begin() as transaction:
        transaction.connection.execute(update(schema.people).where(_PERSON.id == person.id).values(values))
    return people.find(store, person.address)
