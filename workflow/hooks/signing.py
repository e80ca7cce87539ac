"""Whether a message is its sender's: the signature, or the secret, that the route says it must bring.

Every comparison takes the same time for whatever is presented, and all secrets of a route are compared, so
that the time taken tells nothing. Now is handed in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

from state_machines.values.durations import parse_duration
from state_machines.values.time_errors import TimeError
from workflow.hooks.message import Message
from workflow.hooks.reading import form_fields
from workflow.hooks.signing_form import (
    BasicRule,
    BearerRule,
    HeaderRule,
    HmacRule,
    QueryRule,
    SigningRule,
    StandardWebhooksRule,
    TimestampRule,
    TwilioRule,
)
from workflow.recovery.contact.standard_webhooks import is_genuine as is_standard
from workflow.recovery.telephony.twilio import signature as twilio_signature
from workflow.replay.times import instant_reader

_PIECE = re.compile(r"(\{[^{}]*\})")
_MOST_SIGNATURES = 10
"""That a header may hold and that are compared."""
_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
_TWILIO = "x-twilio-signature"


class Unsigned(Exception):
    """A message is not its sender's, as far as can be told.

    Attributes:
        field: the header, or the parameter, that should show it.
        rule: ``missing-signature``, ``signature``, ``timestamp`` or ``too-old``.
    """

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.rule = rule
        self.message = message


def check_signature(rule: SigningRule, secrets: Sequence[str], message: Message, now: datetime) -> None:
    """Raise Unsigned unless the message was made by somebody who has one of the secrets, and lately if that
    shows; Unreadable where its fields are signed, and it has none that can be read."""
    match rule:
        case HmacRule():
            _check_hmac(rule, secrets, message, now)
        case StandardWebhooksRule():
            _check_standard(secrets, message, now)
        case TwilioRule():
            _check_twilio(secrets, message)
        case BearerRule():
            _check_authorization("bearer", secrets, message)
        case BasicRule():
            _check_authorization("basic", secrets, message)
        case HeaderRule(header=header):
            _check_equal(header, message.headers.get(header), secrets)
        case QueryRule(parameter=parameter):
            _check_equal(f"query.{parameter}", message.query.get(parameter), secrets)


def secret_in(rule: SigningRule, message: Message) -> str | None:
    """The secret itself that a message presents, where its sender signs nothing; None where one signs."""
    match rule:
        case BearerRule() | BasicRule():
            return message.headers.get("authorization", "")
        case HeaderRule(header=header):
            return message.headers.get(header, "")
        case QueryRule(parameter=parameter):
            return message.query.get(parameter, "")
    return None


def shown_by(rule: SigningRule) -> tuple[frozenset[str], frozenset[str]]:
    """The header fields and the parameters that hold the signature or the secret: nobody needs to keep
    those."""
    match rule:
        case HmacRule(header=header) | HeaderRule(header=header):
            return frozenset({header}), frozenset()
        case QueryRule(parameter=parameter):
            return frozenset(), frozenset({parameter})
        case StandardWebhooksRule():
            return frozenset({"webhook-signature"}), frozenset()
        case TwilioRule():
            return frozenset({_TWILIO}), frozenset()
    return frozenset(), frozenset()


def _check_hmac(rule: HmacRule, secrets: Sequence[str], message: Message, now: datetime) -> None:
    said = _header(message, rule.header)
    given, timestamp = [said], ""
    if rule.parts:
        parts = _parts(said)
        given = [text for name, text in parts if name == rule.parts["signature"]]
        timestamp = next((text for name, text in parts if name == rule.parts.get("timestamp")), "")
    if rule.timestamp is not None and rule.timestamp.header is not None:
        timestamp = _header(message, rule.timestamp.header)
    identity = "" if rule.id_header is None else _header(message, rule.id_header)
    pieces = {
        "{body}": message.body,
        "{timestamp}": _bytes(timestamp),
        "{id}": _bytes(identity),
        "{url}": _bytes(message.url),
    }
    signed = b"".join(pieces.get(piece, piece.encode()) for piece in _PIECE.split(rule.over))
    expected = [_written(rule, hmac.digest(secret.encode(), signed, rule.hash)) for secret in secrets]
    marked = [text.strip()[len(rule.prefix) :] for text in given if text.strip().startswith(rule.prefix)]
    if rule.encoding == "hex":
        marked = [text.lower() for text in marked]
    if not _any_equal(expected, marked[:_MOST_SIGNATURES]):
        raise _wrong(rule.header)
    if rule.timestamp is not None:  # only now: what nobody has signed is no timestamp
        _check_age(rule.timestamp, rule.timestamp.header or rule.header, timestamp, now)


def _bytes(text: str) -> bytes:
    """Of a header field the bytes as they came."""
    return text.encode("latin-1", "replace")


def _written(rule: HmacRule, digest: bytes) -> str:
    return digest.hex() if rule.encoding == "hex" else base64.b64encode(digest).decode()


def _parts(header: str) -> list[tuple[str, str]]:
    """Of ``t=17,v1=ab,v1=cd``: names and texts, as many as are looked at."""
    pairs = (one.strip().partition("=") for one in header.split(",")[: 4 * _MOST_SIGNATURES])
    return [(name, text) for name, _, text in pairs]


def _check_age(rule: TimestampRule, field: str, text: str, now: datetime) -> None:
    try:
        at = instant_reader([rule.format], None, "refuse")(text)
    except TimeError as error:
        raise Unsigned(field, "timestamp", error.message) from None
    if abs(now - at) > parse_duration(rule.tolerance):
        raise Unsigned(field, "too-old", f"is further from now than {rule.tolerance}: it may be played again")


def _check_standard(secrets: Sequence[str], message: Message, now: datetime) -> None:
    identity, timestamp, signatures = (_header(message, name) for name in _STANDARD)
    if not (identity + timestamp + signatures).isascii():
        raise _wrong("webhook-signature")
    webhooks = [Webhook(secret) for secret in secrets]
    few = " ".join(signatures.split()[:_MOST_SIGNATURES])
    if not is_standard(webhooks, identity, timestamp, few, message.body, now):
        raise Unsigned("webhook-signature", "signature", "is not of our secret, or not of these five minutes")


def _check_twilio(secrets: Sequence[str], message: Message) -> None:
    said = _header(message, _TWILIO)
    pairs = form_fields(message)
    if not _any_equal([twilio_signature(secret, message.url, pairs) for secret in secrets], [said]):
        raise Unsigned(
            _TWILIO,
            "signature",
            "is not Twilio's for this address and form; is MAKEGOOD_PUBLIC_URL the one that Twilio calls?",
        )


def _check_authorization(scheme: str, secrets: Sequence[str], message: Message) -> None:
    said, _, text = _header(message, "authorization").partition(" ")
    if said.lower() != scheme:
        raise Unsigned("authorization", "missing-signature", f"must be {scheme.capitalize()} with the secret")
    if scheme == "basic":
        try:
            text = base64.b64decode(text.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _wrong("authorization") from None
    _check_equal("authorization", text.strip(), secrets)


def _check_equal(field: str, said: str | None, secrets: Iterable[str]) -> None:
    if said is None:
        raise Unsigned(field, "missing-signature", "is missing; it must hold the secret of this route")
    if not _any_equal([_digest(secret) for secret in secrets], [_digest(said)]):
        raise _wrong(field)


def _digest(text: str) -> str:
    """Of the same length whatever it is of, so that a comparison tells no length either."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _any_equal(expected: Sequence[str], given: Sequence[str]) -> bool:
    compare: Callable[[bytes, bytes], bool] = hmac.compare_digest
    return any(
        [compare(mine.encode(), theirs.encode("utf-8", "replace")) for mine in expected for theirs in given]
    )


def _header(message: Message, name: str) -> str:
    said = message.headers.get(name)
    if said is None:
        raise Unsigned(
            name, "missing-signature", "is missing; this route takes only what its sender has signed"
        )
    return said


def _wrong(field: str) -> Unsigned:
    return Unsigned(field, "signature", "is not made with the secret of this route")
