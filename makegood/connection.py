"""Requests to the API that are repeated where that does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from makegood.calls import Call
from makegood.responses import answered, check, failure
from makegood.retrying import PassingFailure, Retrying

Answer = TypeVar("Answer")


class Connection:
    """One API and one key. Safe to use from several threads.

    Args:
        timeout: seconds to wait for a connection and for each answer.
        proxies: whether to use the proxy that the environment names.
        wait: called with the seconds between two attempts; None: the thread sleeps.
    """

    def __init__(
        self,
        url: str,
        key: str,
        retrying: Retrying,
        *,
        timeout: float,
        proxies: bool,
        wait: Callable[[float], object] | None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout, trust_env=proxies
        )
        self._retrying = retrying
        self._wait = time.sleep if wait is None else wait

    def request(self, call: Call[Answer]) -> Answer:
        """The decoded answer. Raises ClientError: the API was not reached or refused, in the last attempt."""
        attempt = 1
        while True:
            try:
                answer: Answer = self._once(call)
                return answer
            except PassingFailure as failed:
                self.rest(attempt, failed, repeatable=call.repeatable)
            attempt += 1

    def rest(self, attempt: int, failed: PassingFailure, *, repeatable: bool = True) -> None:
        """Wait after an attempt that failed. Raises ClientError where there is to be no other."""
        self._wait(self._retrying.pause(attempt, failed, repeatable=repeatable))

    @contextmanager
    def stream(self, call: Call[Any], silence: float) -> Iterator[Iterator[bytes]]:
        """The bytes of an answer as they come, in one attempt.

        Args:
            silence: seconds after which a connection over which nothing comes is taken for dead.

        Raises PassingFailure for what may be over soon, ClientError for what will not be.
        """
        timeout = httpx.Timeout(self._http.timeout.connect, read=silence)
        try:
            with self._http.stream(
                call.method, call.path, params=call.query, headers=call.headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    response.read()
                check(response)
                yield response.iter_bytes()
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise failure(self._http.base_url, error) from error

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _once(self, call: Call[Any]) -> Any:
        """One attempt. Raises PassingFailure for what may be over soon, ClientError for what will not be."""
        try:
            response = self._http.request(
                call.method,
                call.path,
                params=call.query,
                headers=call.headers,
                content=call.content,
                json=call.body,
            )
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise failure(self._http.base_url, error) from error
        return answered(response)
