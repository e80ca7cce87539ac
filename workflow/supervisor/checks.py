"""Health checks of services, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from workflow.supervisor.service import Check

if TYPE_CHECKING:
    from celery import Celery

_SECONDS = 2.0


def broker_answers(url: str) -> Check:
    """A check that the broker at a `redis://` URL answers PING."""
    from workflow.embedded.broker import answers  # loads a client of Redis, which the other checks need not

    return lambda: answers(url)


def http_ok(url: str) -> Check:
    """A check that an HTTP GET of the URL, over a connection of its own, is answered with 200."""
    # One client for all times, with certificates only where one is looked at: they cost more than a question.
    http = httpx.Client(
        timeout=_SECONDS,
        trust_env=False,
        verify=url.startswith("https:"),
        limits=httpx.Limits(max_keepalive_connections=0),
    )

    def check() -> bool:
        try:
            return http.get(url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return check


def worker_answers(app: Celery, node: str, *, without_broker: bool) -> Check:
    """A check that the Celery worker of that node name answers a ping through the broker.

    One that does not runs and consumes nothing, as happens when Redis has come back empty.
    `without_broker` is the answer while the broker itself cannot be reached, which is no fault of the worker.
    """

    from kombu.exceptions import KombuError

    def check() -> bool:
        try:
            return bool(app.control.ping(destination=[node], timeout=_SECONDS))
        except (KombuError, OSError, *app.connection_for_write().connection_errors):
            return without_broker

    return check
