"""One HTTP POST in bounded time, and whether the other side can have had the request when it fails.

The moment that matters is the first byte of the body: a request whose body never began is none, and nothing
can have come of it. A connection lost after that leaves the outcome open.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from tasks.channels.certificates import trusted_certificates

_MOST_BYTES = 64 * 1024
_LONGEST_WAIT = 3600.0
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate-not-trusted"),
    (ssl.SSLError, "no-tls"),
    (socket.gaierror, "host-not-found"),
    (ConnectionRefusedError, "not-connected"),
)
"""As the attempts of a subscription have them."""


class Unsent(Exception):
    """The request did not get as far as its body. The message names the kind of fault, nothing else."""


class Lost(Exception):
    """The request went out, wholly or in part, and no status came back."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back.

    Attributes:
        status: the HTTP status.
        body: the answer's body, as far as it came in time and up to 64 KiB.
        retry_after: seconds that the other side asks to wait (RFC 9110, 10.2.3), an hour at most.
    """

    status: int
    body: bytes
    retry_after: float | None


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    seconds: float,
    auth: tuple[str, str] | None = None,
) -> HttpResponse:
    """Post over a connection of its own. Redirects are not followed, and no proxy of the environment is used.

    Args:
        seconds: for everything together, real time.

    Raises:
        Unsent, Lost: see there.
    """
    return asyncio.run(_post(url, content, headers, seconds, auth))


async def _post(
    url: str, content: bytes, headers: Mapping[str, str], seconds: float, auth: tuple[str, str] | None
) -> HttpResponse:
    begun, known = False, None

    async def trace(step: str, _: Mapping[str, Any]) -> None:
        nonlocal begun
        begun = begun or step.endswith(".send_request_body.started")

    plain = {"accept-encoding": "identity", "user-agent": "makegood", **headers}
    client = httpx.AsyncClient(
        verify=trusted_certificates(),
        trust_env=False,
        follow_redirects=False,
        timeout=seconds,
        event_hooks={"response": [_lead_nowhere]},
    )
    try:
        async with asyncio.timeout(seconds), client:
            stream = client.stream(
                "POST", url, content=content, headers=plain, auth=auth, extensions={"trace": trace}
            )
            async with stream as response:
                known = HttpResponse(response.status_code, b"", retry_after(response.headers))
                return replace(known, body=await _body(response, seconds))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        if known is not None:  # there was no time left for its body
            return known
        kind = Lost if begun else Unsent
        raise kind(_fault(error)) from error


async def _lead_nowhere(response: httpx.Response) -> None:
    """Not asked to follow a redirect, the library fails all the same where one leads nowhere."""
    response.headers.pop("location", None)


def _fault(error: BaseException) -> str:
    """What it was, in a word; what can be put right by somebody at the other side has one of its own."""
    cause: BaseException | None = error if isinstance(error, httpx.ConnectError) else None
    while cause is not None:
        for kind, word in _WORDS:
            if isinstance(cause, kind):
                return word
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


async def _body(response: httpx.Response, seconds: float) -> bytes:
    """What there is of it: the status is known by now, and a body that breaks off does not change it."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds / 4):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _MOST_BYTES:
                    break
    except (httpx.HTTPError, TimeoutError, OSError):
        pass
    return bytes(body[:_MOST_BYTES])


def retry_after(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for, in seconds; a date counts from that of the answer, since clocks differ.

    Names of `headers` are found in upper and lower case.
    """
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), _LONGEST_WAIT)
    try:
        until, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("date", ""))
        return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT)
    except (TypeError, ValueError, OverflowError):  # such as a zone that no number holds
        return None
