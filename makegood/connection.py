"""Requests to the API that are repeated where that does no harm."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from makegood.errors import ClientError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_DONE_NOTHING = frozenset({429})
"""The API has not begun: whatever was asked can be asked again."""
_PASSING = frozenset({408, 429, 502, 503, 504})
"""Likely to be over soon: what is safe to repeat can be asked again."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Connection:
    """One API and one key. Safe to use from several threads.

    Args:
        timeout: seconds to wait for a connection and for each answer.
        proxies: whether to use the proxy that the environment names.
        attempts: how often a request is sent at most, the first time included.
        patience: seconds that the API may ask us to wait between two attempts, at most.
        wait: called with the seconds between two attempts; None: the thread sleeps.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float,
        proxies: bool,
        attempts: int,
        patience: float,
        wait: Callable[[float], object] | None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout, trust_env=proxies
        )
        self._attempts = attempts
        self._patience = patience
        self._wait = time.sleep if wait is None else wait

    def request(self, method: str, path: str, *, repeatable: bool = True, **options: Any) -> Any:
        """The decoded answer.

        Args:
            repeatable: whether doing it twice is the same as doing it once. If not, it is repeated only where
                it has certainly not been done.
            options: for httpx.

        Raises:
            ClientError: the API could not be reached or refused, in the last attempt.
        """
        attempt = 1
        while True:
            try:
                return self._once(method, path, options)
            except _Passing as passing:
                if attempt >= self._attempts or not (repeatable or passing.harmless):
                    raise passing.error from passing.__cause__
                pause = passing.error.retry_after
                if pause is not None and pause > self._patience:
                    raise passing.error from passing.__cause__
                self._wait(_pause(attempt) if pause is None else pause)
            attempt += 1

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _once(self, method: str, path: str, options: Mapping[str, Any]) -> Any:
        """One attempt. Raises _Passing for what may be over soon, ClientError for what will not be."""
        try:
            response = self._http.request(method, path, **options)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ClientError(f"{self._http.base_url} is no address: {error}") from error
        except httpx.TransportError as error:
            unreached = ClientError(f"{self._http.base_url} cannot be reached: {error}")
            raise _Passing(unreached, harmless=isinstance(error, _NEVER_SENT)) from error
        except httpx.HTTPError as error:
            raise ClientError(f"{self._http.base_url} did not answer as it should: {error}") from error
        if response.is_success:
            return _decoded(response)
        refusal = _refusal(response)
        if response.status_code in _PASSING:
            raise _Passing(refusal, harmless=response.status_code in _DONE_NOTHING)
        raise refusal


class _Passing(Exception):
    """An attempt failed in a way that may be over soon; `harmless`: what was asked has not been begun."""

    def __init__(self, error: ClientError, *, harmless: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.harmless = harmless


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: doubling, and by chance shorter, so that not all come back at once."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def _decoded(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        words = f"{response.url} answered {response.status_code} with something that is no JSON"
        raise ClientError(words, response.status_code) from None


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
