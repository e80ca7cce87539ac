"""Each way of signing: what its sender makes is taken, whatever else is refused, and comparisons tell no
time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from standardwebhooks.webhooks import Webhook

from tests.api.conftest import NOON
from workflow.hooks import signing
from workflow.hooks.message import Message
from workflow.hooks.signing import Unsigned, check_signature, shown_by
from workflow.hooks.signing_form import Signed, SigningRule

BODY, SECRET = b'{"words": "The lid does not close."}', "the-shop-and-we-know-it"
STAMP = str(int(NOON.timestamp()))
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()


def rule_of(said: Mapping[str, Any]) -> SigningRule:
    """The rule that a route writes so."""
    rule: SigningRule = TypeAdapter(Signed).validate_python(dict(said))
    return rule


def digest(over: bytes, name: str = "sha256", secret: str = SECRET) -> bytes:
    """What the sender computes."""
    return hmac.new(secret.encode(), over, getattr(hashlib, name)).digest()


def message(
    headers: Mapping[str, str], query: Mapping[str, str] | None = None, body: bytes = BODY
) -> Message:
    """A message with these header fields."""
    return Message("shop", headers, query or {}, body, NOON, "https://care.example/v1/hooks/shop")


BASIC = base64.b64encode(f"shop:{SECRET}".encode()).decode()
SCHEMES: Mapping[str, tuple[dict[str, Any], str, Message]] = {
    "plain": ({"by": "hmac", "header": "x-sig"}, SECRET, message({"x-sig": digest(BODY).hex()})),
    "upper case": ({"by": "hmac", "header": "x-sig"}, SECRET, message({"x-sig": digest(BODY).hex().upper()})),
    "base64 of sha512": (
        {"by": "hmac", "header": "x-sig", "hash": "sha512", "encoding": "base64"},
        SECRET,
        message({"x-sig": base64.b64encode(digest(BODY, "sha512")).decode()}),
    ),
    "sha1 with a prefix": (
        {"by": "hmac", "header": "x-hub-signature", "hash": "sha1", "prefix": "sha1="},
        SECRET,
        message({"x-hub-signature": "sha1=" + digest(BODY, "sha1").hex()}),
    ),
    "timestamp, id and address": (
        {"by": "hmac", "header": "x-sig", "over": "{id}.{timestamp}.{url}.{body}", "id_header": "x-id",
         "timestamp": {"header": "x-at"}},
        SECRET,
        message({"x-sig": digest(b"7." + STAMP.encode() + b".https://care.example/v1/hooks/shop." +
        BODY).hex(),
                 "x-at": STAMP, "x-id": "7"}),
    ),
    "parts of a header": (
        {"by": "hmac", "header": "x-sig", "over": "{timestamp}.{body}", "parts": {"signature": "v1",
        "timestamp": "t"},
         "timestamp": {}},
        SECRET,
        message({"x-sig": f"t={STAMP}, v1={'0' * 64}, v1={digest(STAMP.encode() + b'.' + BODY).hex()}"}),
    ),
    "standard webhooks": (
        {"by": "standard_webhooks"},
        WHSEC,
        message({"webhook-id": "msg_1", "webhook-timestamp": STAMP,
                 "webhook-signature": Webhook(WHSEC).sign("msg_1", NOON, BODY.decode())}),
    ),
    "bearer": ({"by": "bearer"}, SECRET, message({"authorization": f"Bearer {SECRET}"})),
    "basic": ({"by": "basic"}, f"shop:{SECRET}", message({"authorization": f"Basic {BASIC}"})),
    "header": ({"by": "header", "header": "x-token"}, SECRET, message({"x-token": SECRET})),
    "query": ({"by": "query"}, SECRET, message({}, {"token": SECRET})),
}  # fmt: skip
SIGNED = [name for name, (rule, _, _) in SCHEMES.items() if rule["by"] in ("hmac", "standard_webhooks")]


@pytest.mark.parametrize("name", SCHEMES)
def test_what_its_sender_has_made_is_taken_by_the_new_secret_and_by_the_old(name: str) -> None:
    said, secret, one = SCHEMES[name]
    other = WHSEC.replace("a", "b") if secret == WHSEC else "another-secret-of-ours"
    for secrets in ([secret], [other, secret], [secret, other]):
        check_signature(rule_of(said), secrets, one, NOON)


@pytest.mark.parametrize("name", SCHEMES)
def test_anything_else_is_refused(name: str) -> None:
    said, secret, one = SCHEMES[name]
    rule = rule_of(said)
    other = "whsec_" + base64.b64encode(b"q" * 32).decode() if secret == WHSEC else "another-secret-of-ours"
    with pytest.raises(Unsigned) as refused:
        check_signature(rule, [other], one, NOON)
    assert refused.value.rule == "signature"
    with pytest.raises(Unsigned) as refused:
        check_signature(rule, [secret], message({}), NOON)
    assert refused.value.rule == "missing-signature"
    for field, text in one.headers.items():
        for wrong in ("", "é\udce9", text[:-1], text + "0", "Bearer", "Basic !", "Basic /w=="):
            with pytest.raises(Unsigned):
                check_signature(rule, [secret], message({**one.headers, field: wrong}, one.query), NOON)


@pytest.mark.parametrize("name", SIGNED)
def test_not_a_byte_of_the_body_may_differ(name: str) -> None:
    said, secret, one = SCHEMES[name]
    for body in (b"", BODY + b"\n", BODY[:-1], BODY.replace(b"lid", b"lit"), b"\xff"):
        with pytest.raises(Unsigned) as refused:
            check_signature(rule_of(said), [secret], message(one.headers, one.query, body), NOON)
        assert refused.value.rule == "signature"


@pytest.mark.parametrize("name", ["timestamp, id and address", "parts of a header", "standard webhooks"])
@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_signed_too_long_ago_may_be_played_again_and_is_refused(name: str, minutes: int) -> None:
    said, secret, one = SCHEMES[name]
    with pytest.raises(Unsigned):
        check_signature(rule_of(said), [secret], one, NOON + timedelta(minutes=minutes))
    check_signature(rule_of(said), [secret], one, NOON + timedelta(minutes=minutes / 6 * 4))


@pytest.mark.parametrize("stamp", ["nan", "inf", "1e400", "-1", "soon", "", "9" * 30])
def test_a_timestamp_that_is_none_is_refused_although_it_is_signed(stamp: str) -> None:
    said, secret, _ = SCHEMES["parts of a header"]
    signed = digest(stamp.encode() + b"." + BODY).hex()
    with pytest.raises(Unsigned) as refused:
        check_signature(rule_of(said), [secret], message({"x-sig": f"t={stamp},v1={signed}"}), NOON)
    assert refused.value.rule in ("timestamp", "too-old")


@pytest.mark.parametrize("name", SCHEMES)
def test_every_secret_is_compared_in_constant_time_whichever_is_right(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, secret, one = SCHEMES[name]
    compared: list[bool] = []
    real = hmac.compare_digest

    def spied(mine: bytes, theirs: bytes) -> bool:
        compared.append(len(mine) == len(theirs))
        return real(mine, theirs)

    other = "whsec_" + base64.b64encode(b"q" * 32).decode() if secret == WHSEC else "another-secret-of-ours"
    monkeypatch.setattr(hmac, "compare_digest", spied)
    counts = set()
    for secrets in ([secret, other], [other, secret], [other, other]):
        compared.clear()
        try:
            check_signature(rule_of(said), secrets, one, NOON)
        except Unsigned:
            assert secret not in secrets
        counts.add(len(compared))
        assert compared
    assert len(counts) == 1, "all secrets are compared, whether the first one fits or none"
    if name in ("bearer", "basic", "header", "query"):
        assert all(compared), "digests are compared: not even the length of a secret shows"
    assert signing.hmac is hmac


def test_what_holds_the_signature_or_the_secret_is_not_kept() -> None:
    for said, _, one in SCHEMES.values():
        kept = one.without(*shown_by(rule_of(said)))
        text = f"{dict(kept.headers)}{dict(kept.query)}"
        assert SECRET not in text and BASIC not in text and digest(BODY).hex() not in text


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"by": "hmac", "header": "x-sig", "over": "{timestamp}"}, "unsigned-body"),
        ({"by": "hmac", "header": "x-sig", "over": "{body}{secret}"}, "piece"),
        ({"by": "hmac", "header": "x-sig", "over": "{timestamp}{body}"}, "timestamp"),
        ({"by": "hmac", "header": "x-sig", "timestamp": {"header": "x-at"}}, "timestamp"),
        ({"by": "hmac", "header": "x-sig", "over": "{id}{body}"}, "id-header"),
        ({"by": "hmac", "header": "x-sig", "over": "{timestamp}{body}", "timestamp": {}}, "timestamp"),
        ({"by": "hmac", "header": "X-Sig"}, "string_pattern_mismatch"),
        ({"by": "md5", "header": "x-sig"}, "union_tag_invalid"),
        ({"by": "hmac", "header": "x-sig", "over": "{timestamp}{body}",
          "timestamp": {"header": "x-at", "tolerance": "5 minutes"}}, "duration"),
    ],
)  # fmt: skip
def test_a_rule_by_which_something_would_go_unsigned_is_none(said: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule_of(said)
    assert rule in {one["type"] for one in refused.value.errors()}
