"""A push service of the tests: takes messages as RFC 8030 says, if they are signed for it, and reads them.

It reads as the browser does that it would carry them to: with the private key, which no server has.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import http_ece
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.tasks.wire_server import HttpRequest, Line, WireServer, http_answer, read_request
from workflow.access.bells import PushAddress
from workflow.recovery.contact.push_keys import text_of

_LONGEST_BODY = 4096


@dataclass
class PushedBrowser:
    """A browser that this push service carries messages to.

    Attributes:
        address: as it tells it to a site.
        server_key: the site's public key for which it asked.
        read: the messages that it could read, as they came.
    """

    address: PushAddress
    private: ec.EllipticCurvePrivateKey
    secret: bytes
    server_key: str
    read: list[dict[str, Any]] = field(default_factory=list)


def new_browser(url: str, server_key: str) -> PushedBrowser:
    """A browser with keys of its own, which asks for messages of this public key at this URL."""
    private, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushedBrowser(PushAddress(url, text_of(point), text_of(secret)), private, secret, server_key)


class PushService:
    """Listens on loopback while the context lasts; `now` is what time it is there.

    Attributes:
        status, headers, silent: how it answers from now on; silent: not at all.
        refused: why it took a message for none of its own.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.server = WireServer(self._talk)
        self.status = 201
        self.headers: tuple[str, ...] = ()
        self.silent = False
        self.refused: list[str] = []
        self._browsers: dict[str, PushedBrowser] = {}

    def browser(self, server_key: str) -> PushedBrowser:
        """Another browser, which asks for messages of this public key."""
        path = f"/push/{len(self._browsers) + 1}-{os.urandom(6).hex()}"
        self._browsers[path] = made = new_browser(self.server.url + path, server_key)
        return made

    @property
    def requests(self) -> list[HttpRequest]:
        """All that came whole, in order."""
        return self.server.requests

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def _talk(self, line: Line, server: WireServer) -> None:
        request = read_request(line, server)
        if request is None:
            return
        if self.silent:
            line.keep_silent()
            return
        browser = self._browsers[request.target]
        why = self._wrong(request, browser)
        if why:
            self.refused.append(why)
            line.say(http_answer(403 if "vapid" in why else 400))
            return
        if self.status == 201:
            text = http_ece.decrypt(
                request.body, private_key=browser.private, auth_secret=browser.secret, version="aes128gcm"
            )
            browser.read.append(orjson.loads(text))
        location = (f"Location: {self.server.url}/message/1",) if self.status == 201 else ()
        line.say(http_answer(self.status, b"", *location, *self.headers))

    def _wrong(self, request: HttpRequest, browser: PushedBrowser) -> str:
        """What is wrong with a message, by RFC 8030, 8188 and 8292; empty: nothing."""
        head = request.headers
        if head.get("content-encoding") != "aes128gcm" or not head.get("ttl", "").isdigit():
            return "content-encoding or ttl"
        if len(request.body) > _LONGEST_BODY or len(head.get("topic", "")) > 32:
            return "too long"
        scheme, _, said = head.get("authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in said.split(",") if "=" in part)
        if scheme.lower() != "vapid" or parts.get("k") != browser.server_key:
            return "vapid key"
        claims = jwt.decode(parts["t"], _public(parts["k"]), algorithms=["ES256"]).claims
        left = timedelta(seconds=claims["exp"] - self._now().timestamp())
        fits = claims["aud"] == self.server.url and timedelta(0) < left <= timedelta(days=1)
        return "" if fits and claims["sub"].startswith("mailto:") else "vapid claims"


def _public(text: str) -> ECKey:
    point = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return ECKey.import_key(
        {"kty": "EC", "crv": "P-256", "x": text_of(point[1:33]), "y": text_of(point[33:65])}
    )
