"""By which a push service knows us (VAPID, RFC 8292), and how a message is sealed for one browser (RFC 8291).

The pair of keys is made out of a secret of the installation. A browser asks for messages of this public key,
and its push service takes no others; only the browser itself can read what is in them.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

SECRET = "push"
"""Name of the secret of which the keys are made."""
LONGEST = 2_000
"""Bytes of one message that may be sealed: a push service must take 4,096 with all that comes to it."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: a private key is a number from 1 to one below it."""
_BYTES = 48
"""So many more than the order has that no private key is likelier than another (FIPS 186-5, A.2.1)."""
_HOLDS = timedelta(hours=1)
"""How long what is signed for a push service holds; it takes a day at most."""
_AUTH_BYTES, _POINT_BYTES = 16, 65


class WrongPushKey(ValueError):
    """What a browser has given is no key of it. `field` is ``public_key`` or ``auth``."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field}: is none [push-key]")


class PushKeys:
    """The pair of an installation.

    Attributes:
        public: the public one, as browsers are told it: an uncompressed point, base64url.
    """

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._key = ECKey.import_key(private)
        self.public = text_of(_point(private.public_key()))

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, secret: bytes) -> Self:
        """The pair that is made of this secret, always the same."""
        drawn = HKDF(SHA256(), _BYTES, salt=None, info=b"makegood push").derive(secret)
        number = int.from_bytes(drawn, "big") % (_ORDER - 1) + 1
        return cls(ec.derive_private_key(number, ec.SECP256R1()))

    def authorization(self, endpoint: str, contact: str, now: datetime) -> str:
        """The header by which the push service of this endpoint knows us; `contact` is whom it may ask."""
        place = urlsplit(endpoint)
        claims = {
            "aud": f"{place.scheme}://{place.netloc}",
            "exp": int((now + _HOLDS).timestamp()),
            "sub": contact,
        }
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._key)
        return f"vapid t={token}, k={self.public}"


def sealed(message: bytes, public_key: str, auth: str) -> bytes:
    """A message for the browser with these keys alone, in the content coding ``aes128gcm`` (RFC 8188).

    Raises:
        WrongPushKey: one of the keys is none.
        ValueError: the message is too long.
    """
    if len(message) > LONGEST:
        raise ValueError(f"message: {LONGEST} bytes at most")
    point, secret = checked_keys(public_key, auth)
    ours = ec.generate_private_key(ec.SECP256R1())
    found: bytes = http_ece.encrypt(message, private_key=ours, dh=point, auth_secret=secret)
    return found


def checked_keys(public_key: str, auth: str) -> tuple[bytes, bytes]:
    """A browser's keys as bytes. Raises WrongPushKey."""
    point, secret = _bytes_of(public_key), _bytes_of(auth)
    if len(secret) != _AUTH_BYTES:
        raise WrongPushKey("auth")
    try:
        if len(point) != _POINT_BYTES:
            raise WrongPushKey("public_key")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise WrongPushKey("public_key") from None
    return point, secret


def text_of(data: bytes) -> str:
    """Bytes as base64url without its padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes_of(text: str) -> bytes:
    """Back from `text_of`; empty where it is none."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return b""


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
