"""HTTP/1.1 that never becomes another protocol: an offer to switch is passed over, its request is read.

A client may offer HTTP/2 with any request (`Connection: Upgrade`, `Upgrade: h2c`): curl --http2, Java's
HttpClient and what stands on it do. A server may ignore the offer (RFC 9110, 7.8), and the request is then
like any other, its body included. The parser under uvicorn stops at the end of such a request's head, and
uvicorn goes on as if there were no body (Kludex/uvicorn#2722): an event would be answered for that was never
read. Measured, uvicorn's other parser, which does this right, takes twice as long for a request.
"""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = b"upgrade"
_CONNECT = b"CONNECT"


class NoUpgradeProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, for which every connection stays HTTP/1.1."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parser: Any = _Parser(self)

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is to be read again without the offer."""
        if not self.parser.stopped:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's body; where the parser stopped, none has begun."""
        if not self.parser.stopped:
            super().on_message_complete()

    def head(self) -> bytes:
        """The head of the request that was read last, without the offer to switch."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % field for field in self.headers if field[0] != _OFFER]
        return b"\r\n".join([*lines, b"", b""])


class _Parser:
    """A parser that never stops at an offer: it begins anew with the same request, the offer left out."""

    def __init__(self, protocol: NoUpgradeProtocol) -> None:
        self._protocol = protocol
        self._parser = _parser(protocol)

    @property
    def stopped(self) -> bool:
        """Whether it will not read on after this head. What CONNECT asks for is no offer but the request."""
        return bool(self._parser.should_upgrade()) and self.get_method() != _CONNECT

    def feed_data(self, data: bytes) -> None:
        """Read on. Raises HttpParserError for what is no HTTP."""
        while True:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                if not self.stopped:
                    raise
                data = self._protocol.head() + data[offer.args[0] :]
                self._parser = _parser(self._protocol)

    def should_upgrade(self) -> bool:
        """Never."""
        return False

    def should_keep_alive(self) -> bool:
        """Whether the connection outlives this request."""
        return bool(self._parser.should_keep_alive())

    def get_http_version(self) -> str:
        """Of the request."""
        return str(self._parser.get_http_version())

    def get_method(self) -> bytes:
        """Of the request."""
        return bytes(self._parser.get_method())


def _parser(protocol: NoUpgradeProtocol) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(protocol)
    # As uvicorn has it: what follows a request that closes the connection must not take away its answer.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
