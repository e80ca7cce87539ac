"""An authenticator of passkeys: it makes real keys and real signatures, and can be told to misbehave."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass(slots=True)
class Authenticator:
    """One passkey in a device. What is said of it can be changed before it answers.

    Attributes:
        origin: of the page that asks, as its browser would write it.
        site: the relying party's id for which it signs.
        count: its counter; it goes on with each answer.
        verifies: whether it has seen a finger, a face or a PIN.
        owner: the user handle that it was made for.
        half_key: whether its public key lacks a coordinate.
    """

    origin: str
    site: str = "localhost"
    count: int = 0
    verifies: bool = True
    owner: bytes = b""
    half_key: bool = False
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: str) -> str:
        """What a browser sends once this was made by these options."""
        asked = json.loads(options)
        self.owner = base64url_to_bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        if self.half_key:
            del public[-3]
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(_ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._sent({"clientDataJSON": client, "attestationObject": attestation})

    def answered(self, options: str) -> str:
        """What a browser sends once this has answered the challenge of these options."""
        self.count += 1
        return self.signed(json.loads(options)["challenge"])

    def signed(self, challenge: str) -> str:
        """An answer to a challenge, whatever it is, without counting on."""
        data, client = self._data(0), self._client("webauthn.get", challenge)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._sent(
            {
                "clientDataJSON": client,
                "authenticatorData": data,
                "signature": signature,
                "userHandle": self.owner,
            }
        )

    def _data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _sent(self, response: dict[str, bytes]) -> str:
        sent: dict[str, Any] = {"id": bytes_to_base64url(self.id), "rawId": bytes_to_base64url(self.id)}
        named = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps(sent | {"type": "public-key", "response": named})
