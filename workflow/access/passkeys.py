"""Passkeys (WebAuthn): a person's authenticators, each with a public key by which its answers are verified.

Of a passkey the public half alone is here. It signs a challenge of ours for this site; whoever holds it has
shown that they are there and who they are, by a finger, a face or a PIN: it needs no password beside it.

The library is loaded when somebody uses a passkey: a start of the API does not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from state_machines.errors import Problem
from workflow.access import challenges
from workflow.access.challenges import WrongChallenge
from workflow.access.people import LONGEST as LONGEST_NAME
from workflow.access.people import PERSON_COLUMNS, Person, person_of
from workflow.access.sessions import Session
from workflow.errors import InvalidQuery, MakegoodError, NotFound
from workflow.store import schema
from workflow.store.port import Store, Transaction

MOST = 20
"""Passkeys of one person."""
LONGEST_ANSWER = 20_000
"""Characters of what a browser sends of one."""
_KEY, _PERSON = schema.passkeys.c, schema.people.c
_SIGNING_IN = "sign-in"


class WrongPasskey(MakegoodError):
    """Nobody signs in by this answer; `rule` says why, for the audit log alone."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Site:
    """For which site passkeys are: `name` is the relying party's id, `origin` where its pages are."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of somebody's passkeys.

    Attributes:
        id: as its authenticator names it, base64url.
        name: what its owner calls it.
        created_at, used_at: UTC; None: never used yet.
    """

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


def listed(store: Store, person: Person) -> list[Passkey]:
    """Somebody's passkeys, the oldest first."""
    columns = [_KEY[name] for name in Passkey.__slots__]
    query = select(*columns).where(_KEY.person_id == person.id).order_by(_KEY.created_at, _KEY.id)
    with store.connect() as connection:
        return [Passkey(*row) for row in connection.execute(query)]


def options_to_add(store: Store, site: Site, person: Person, session: Session, now: datetime) -> str:
    """What a browser needs to make a passkey for somebody, as JSON; its challenge is for this session."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = [PublicKeyCredentialDescriptor(base64url_to_bytes(one.id)) for one in listed(store, person)]
    options = generate_registration_options(
        rp_id=site.name,
        rp_name="makegood",
        user_id=person.id.encode(),
        user_name=person.address,
        user_display_name=person.name,
        challenge=challenges.challenge(store, _adding(session), now),
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options)


def add(
    store: Store, site: Site, person: Person, session: Session, name: str, answer: str, now: datetime
) -> Passkey:
    """Keep the passkey that a browser has made for somebody in this session.

    Raises:
        InvalidQuery: the name is not right, the answer does not hold, or there are too many.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import (
        bytes_to_base64url,
        parse_client_data_json,
        parse_registration_credential_json,
    )

    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidQuery([Problem("passkey_name", "required", "must say what you call it")])
    if len(listed(store, person)) >= MOST:
        raise _refused("most", "there are too many: remove one first")
    try:
        given = parse_registration_credential_json(_bounded(answer))
        said = parse_client_data_json(given.response.client_data_json).challenge
        until = challenges.check(store, said, _adding(session), now)
        made = verify_registration_response(
            credential=given,
            expected_challenge=said,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        new = Passkey(bytes_to_base64url(made.credential_id), name, now, None)
        with store.begin() as transaction:
            challenges.use(transaction, store.dialect, said, until, now)
            transaction.connection.execute(
                insert(schema.passkeys).values(
                    id=new.id,
                    person_id=person.id,
                    name=name,
                    public_key=bytes_to_base64url(made.credential_public_key),
                    sign_count=made.sign_count,
                    created_at=now,
                )
            )
    except WrongChallenge:
        raise _refused("challenge", "this took too long, or was sent before: try again") from None
    except IntegrityError:
        raise _refused("taken", "this passkey is known already") from None
    except _unreadable():
        raise _refused("answer", "what the browser sent is no passkey for this site") from None
    return new


def remove(store: Store, person: Person, id: str) -> None:
    """Forget one of somebody's passkeys. Raises NotFound where it is none of theirs."""
    with store.begin() as transaction:
        theirs = (_KEY.id == id, _KEY.person_id == person.id)
        if transaction.connection.execute(delete(schema.passkeys).where(*theirs)).rowcount == 0:
            raise NotFound("passkey: it is none of yours")


def options_to_sign_in(store: Store, site: Site, now: datetime) -> str:
    """What a browser needs to ask for a passkey, as JSON; it names nobody: the passkey says whose it is."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.name,
        challenge=challenges.challenge(store, _SIGNING_IN, now),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def sign_in(store: Store, site: Site, answer: str, now: datetime) -> Person:
    """Whose passkey has given this answer; its counter and use are noted.

    Raises WrongPasskey: for an unknown one, another site's, a challenge that is not ours, too old or was
    answered, a signature that does not hold, a person who may not sign in, or a counter that did not go on,
    as it would not where the passkey was copied.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json

    try:
        given = parse_authentication_credential_json(_bounded(answer))
        said = parse_client_data_json(given.response.client_data_json).challenge
        until = challenges.check(store, said, _SIGNING_IN, now)
    except _unreadable():
        raise WrongPasskey("answer", "what the browser sent is no answer of a passkey") from None
    except WrongChallenge as error:
        raise WrongPasskey("challenge", str(error)) from None
    query = (
        select(*PERSON_COLUMNS, _KEY.public_key, _KEY.sign_count)
        .join_from(schema.passkeys, schema.people, _PERSON.id == _KEY.person_id)
        .where(_KEY.id == given.id, _PERSON.disabled_at.is_(None))
    )
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise WrongPasskey("unknown", "nobody who may sign in has this passkey")
    handle = given.response.user_handle
    if handle is not None and handle != row.id.encode():
        raise WrongPasskey("owner", "the passkey says that it is somebody else's")
    try:
        shown = verify_authentication_response(
            credential=given,
            expected_challenge=said,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=0,  # it is compared below, where two at once are told apart, too
            require_user_verification=True,
        )
    except _unreadable():
        raise WrongPasskey("signature", "the answer does not hold for this site") from None
    try:
        with store.begin() as transaction:
            challenges.use(transaction, store.dialect, said, until, now)
            _count(transaction, given.id, shown.new_sign_count, now)
    except WrongChallenge as error:
        raise WrongPasskey("challenge", str(error)) from None
    return person_of(row)


def _count(transaction: Transaction, id: str, count: int, now: datetime) -> None:
    """Note the counter that came along. One that never counts says 0 each time, as if in several devices."""
    before = _KEY.sign_count < count if count else _KEY.sign_count == 0
    noted = update(schema.passkeys).where(_KEY.id == id, before).values(sign_count=count, used_at=now)
    if transaction.connection.execute(noted).rowcount == 0:
        raise WrongPasskey("counter", "its counter did not go on: it may have been copied")


def _unreadable() -> tuple[type[Exception], ...]:
    """What the library raises of an answer that is none, not of base64, JSON or keys of a curve either."""
    from webauthn.helpers.exceptions import WebAuthnException

    return WebAuthnException, ValueError, KeyError


def _adding(session: Session) -> str:
    return f"add/{session.id}"


def _bounded(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("answer: too long")
    return answer


def _refused(rule: str, message: str) -> InvalidQuery:
    return InvalidQuery([Problem("passkey", rule, message)])
