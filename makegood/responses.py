"""What the API, or something in between, has answered; and what it means that it has not."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from makegood.errors import ClientError
from makegood.retrying import PassingFailure

_DONE_NOTHING = frozenset({429})
"""The API has not begun: whatever was asked can be asked again."""
_PASSING = frozenset({408, 429, 502, 503, 504})
"""Likely to be over soon: what is safe to repeat can be asked again."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def answered(response: httpx.Response) -> Any:
    """The decoded answer, of a response that has been read; None of one without a body.

    Raises PassingFailure for what may be over soon, ClientError for what will not be.
    """
    check(response)
    if response.status_code == 204:
        return None
    try:
        return response.json()
    except ValueError:
        words = f"{response.url} answered {response.status_code} with something that is no JSON"
        raise ClientError(words, response.status_code) from None


def check(response: httpx.Response) -> None:
    """Let what succeeded pass. Raises as `answered`, whose body must have been read."""
    if response.is_success:
        return
    refusal = _refusal(response)
    if response.status_code in _PASSING:
        raise PassingFailure(refusal, harmless=response.status_code in _DONE_NOTHING)
    raise refusal


def failure(address: httpx.URL, error: Exception) -> PassingFailure | ClientError:
    """What it means that there was no answer from an address."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ClientError(f"{address} is no address: {error}")
    if isinstance(error, httpx.TransportError):
        unreached = ClientError(f"{address} cannot be reached: {error}")
        return PassingFailure(unreached, harmless=isinstance(error, _NEVER_SENT))
    return ClientError(f"{address} did not answer as it should: {error}")


def _refusal(response: httpx.Response) -> ClientError:
    """The API's own words, or the beginning of what something in between said."""
    status, retry_after = response.status_code, _retry_after(response)
    try:
        problem = response.json()
        return ClientError(f"{status}: {problem['title']}", status, problem["errors"], retry_after)
    except (ValueError, KeyError, TypeError):
        return ClientError(f"{status}: {response.text[:200]}", status, (), retry_after)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait (RFC 9110, 10.2.3): said as such, or as a date, which counts from the answer's own."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        until, answered = parsedate_to_datetime(said), parsedate_to_datetime(response.headers["Date"])
        return max(0.0, (until - answered).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None
