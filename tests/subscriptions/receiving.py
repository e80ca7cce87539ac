"""A receiver of changes on a real socket, which answers as a test tells it to.

It verifies what it gets with Standard Webhooks' own library, and keeps it.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

LOOPBACK = "127.0.0.1"


class Received(NamedTuple):
    """One request, verified."""

    id: str
    change: dict[str, Any]
    headers: dict[str, str]
    answered: int


@dataclass
class Reply:
    """How a request is answered: the status, headers, the body, and how long it takes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    seconds: float = 0.0


Behaviour = Callable[[dict[str, Any], int], Reply]
"""Of the change and of how often its id has come before, how it is answered."""


def well(_: dict[str, Any], __: int) -> Reply:
    """Always takes it."""
    return Reply()


class Receiver:
    """Listens on loopback while the context lasts."""

    def __init__(self, behaviour: Behaviour = well, *, real_time: bool = False, whole: bool = True) -> None:
        """`whole`: changes and headers are kept, and not their ids alone."""
        self.behaviour = behaviour
        self.real_time = real_time
        self.whole = whole
        self.secret: str | None = None
        """What it verifies with; None: nothing is verified."""
        self.received: list[Received] = []
        """In the order in which they came."""
        self.unverified: list[str] = []
        self.at_once = self.most_at_once = 0
        self._times: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}/hook"

    def ids(self) -> list[str]:
        """The ids of changes that it took, each once, in the order in which it first took them."""
        return list(dict.fromkeys(one.change["id"] for one in self.received if one.answered < 300))

    def by_subject(self) -> dict[str, list[int]]:
        """The decisions that it took of each subject, each once, in the order in which they first came."""
        found: dict[str, list[int]] = defaultdict(list)
        for one in self.ids():
            subject, _, seq = one.rpartition("/")
            found[subject].append(int(seq))
        return found

    def take(self, headers: dict[str, str], body: bytes) -> Reply:
        """Verify a request, keep it, and say how it is answered."""
        identity = headers.get("webhook-id", "")
        if not self._is_genuine(headers, body):
            with self._lock:
                self.unverified.append(identity)
            return Reply(401)
        change: dict[str, Any] = json.loads(body)
        with self._lock:
            times = self._times[identity]
            self._times[identity] += 1
            reply = self.behaviour(change, times)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if reply.seconds:
            self._over.wait(reply.seconds)
        with self._lock:
            self.at_once -= 1
            kept = (change, headers) if self.whole else ({"id": change["id"]}, {})
            self.received.append(Received(identity, *kept, reply.status))
        return reply

    def _is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        """By the library; of a clock that a test moves, only the signature and not the age."""
        if self.secret is None:
            return False
        library = Webhook(self.secret)
        try:
            if self.real_time:
                library.verify(body, headers)
                return True
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            return (
                library.sign(headers["webhook-id"], at, body.decode()) in headers["webhook-signature"].split()
            )
        except WebhookVerificationError:
            return False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever is answered late has gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, the second waits for the acknowledgement of the first
    server: _Server
    timeout = 30

    def do_POST(self) -> None:
        """One request."""
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed in the middle of it
            self.close_connection = True
            return
        reply = self.server.receiver.take({k.lower(): v for k, v in self.headers.items()}, body)
        self.send_response(reply.status)
        for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quietly."""
