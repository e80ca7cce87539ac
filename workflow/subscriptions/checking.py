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
_SETTING = "MAKEGOOD_SUBSCRIPTION_NETWORKS"


def check(url: str | None, text: str | None, networks: Networks) -> None:
    """Refuse an address to which nothing may go, and a condition that is none; None is not looked at.

    The address of a name is judged at each connection: it may be another one by then.

    Raises InvalidQuery with all that is wrong.
    """
    of_url = () if url is None else check_url(url, networks, "url", _SETTING)
    problems = [*of_url, *_of_condition(text)]
    if problems:
        raise InvalidQuery(problems)


def check_url(text: str, networks: Networks, field: str, setting: str) -> Iterator[Problem]:
    """What is wrong with an address that stands in this field; the setting allows the networks."""
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError):  # the latter: a name that only looks like one in punycode
        yield Problem(field, "url", "is no URL")
        return
    is_whole = url.scheme in ("https", "http") and host and 0 < (url.port or 443) <= _MOST_PORT
    if not is_whole or url.userinfo or url.fragment:
        yield Problem(field, "url", "must be https://host/path, without a user or a fragment")
    elif url.scheme == "http" and not networks.allowed:
        yield Problem(field, "https", "must be https: plain http goes to allowed networks alone")
    elif not _is_permitted(host, networks):
        yield Problem(field, "address", f"is no public address, nor in {setting}")


def _is_permitted(host: str, networks: Networks) -> bool:
    """Of a host that is an address; what a name leads to is judged at each connection."""
    try:
        return networks.permit(ip_address(host))
    except ValueError:
        return True


def _of_condition(text: str | None) -> Iterator[Problem]:
    if text is None:
        return
    try:
        condition(text, VARIABLE)
    except ConditionError as error:
        yield Problem("condition", error.rule, error.message)
