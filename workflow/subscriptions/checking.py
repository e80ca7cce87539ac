"""What is wrong with a subscription that somebody wishes for, by field and rule."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import httpx

from state_machines.errors import Problem
from state_machines.expressions.fact_conditions import ConditionError, condition
from workflow.errors import InvalidQuery
from workflow.subscriptions.networks import Networks
from workflow.subscriptions.subscription import VARIABLE

LONGEST_URL = 2000
_MOST_PORT = 65_535


def check(url: str | None, text: str | None, networks: Networks) -> None:
    """Refuse an address to which nothing may go, and a condition that is none; None is not looked at.

    The address of a name is judged at each connection: it may be another one by then.

    Raises InvalidQuery with all that is wrong.
    """
    problems = [*_of_url(url, networks), *_of_condition(text)]
    if problems:
        raise InvalidQuery(problems)


def _of_url(text: str | None, networks: Networks) -> Iterator[Problem]:
    if text is None:
        return
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError):  # the latter: a name that only looks like one in punycode
        yield Problem("url", "url", "is no URL")
        return
    is_whole = url.scheme in ("https", "http") and host and 0 < (url.port or 443) <= _MOST_PORT
    if not is_whole or url.userinfo or url.fragment:
        yield Problem("url", "url", "must be https://host/path, without a user or a fragment")
    elif url.scheme == "http" and not networks.allowed:
        yield Problem("url", "https", "must be https: plain http goes to allowed networks alone")
    else:
        yield from _of_host(host, networks)


def _of_host(host: str, networks: Networks) -> Iterator[Problem]:
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not networks.permit(address):
        yield Problem("url", "address", "is no public address, nor in MAKEGOOD_SUBSCRIPTION_NETWORKS")


def _of_condition(text: str | None) -> Iterator[Problem]:
    if text is None:
        return
    try:
        condition(text, VARIABLE)
    except ConditionError as error:
        yield Problem("condition", error.rule, error.message)
