"""To which addresses something is sent, whatever a name says."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from tests.subscriptions.conftest import LOOPBACK, Outlet
from tests.subscriptions.receiving import Receiver
from workflow.errors import InvalidQuery, SettingsError
from workflow.subscriptions import attempts, book
from workflow.subscriptions.checking import check
from workflow.subscriptions.networks import Networks, networks_of

_HERE = networks_of(LOOPBACK)
_NOT_PUBLIC = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "192.88.99.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:102:304:0:0:80ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("text", _NOT_PUBLIC)
def test_what_is_not_public_is_not_permitted(text: str) -> None:
    assert not Networks().permit(ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"]
)
def test_what_is_public_is(text: str) -> None:
    assert Networks().permit(ip_address(text))
    assert not Networks().allows(ip_address(text)), "and plain HTTP is still not sent there"


@pytest.mark.parametrize("text", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_a_network_can_be_allowed(text: str) -> None:
    assert _HERE.permit(ip_address(text)) and _HERE.allows(ip_address(text))
    assert not _HERE.permit(ip_address("10.0.0.1"))


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="MAKEGOOD_SUBSCRIPTION_NETWORKS"):
        networks_of("10.0.0.0/8, nonsense")


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://10.0.0.1/", "address"),
        ("https://[::1]/", "address"),
        ("https://169.254.169.254/latest", "address"),
        ("http://hooks.example/", "https"),
        ("ftp://hooks.example/", "url"),
        ("https://user:secret@hooks.example/", "url"),
        ("https:///path", "url"),
        ("nonsense", "url"),
        ("https://hooks.example:99999/", "url"),
    ],
)
def test_an_address_that_can_never_be_is_refused_at_once(url: str, rule: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        check(url, None, Networks())
    assert [(one.field, one.rule) for one in refused.value.problems] == [("url", rule)]


def test_a_good_one_is_taken() -> None:
    check("https://hooks.example/a?b=c", "change.data.seq > 1", Networks())
    check("http://127.0.0.1:8080/", None, _HERE)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("change.", "not-cel"), ("facts.x", "not-cel"), ("1 + 1", "not-boolean"), ("x" * 3000, "too-long")],
)
def test_a_condition_that_is_none_is_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        check(None, text, Networks())
    assert [(one.field, one.rule) for one in refused.value.problems] == [("condition", rule)]


def _change_url(outlet: Outlet, subscription: str, url: str) -> None:
    book.change(outlet.world.store, subscription, {"url": url}, outlet.world.clock.now())


def _tried(outlet: Outlet, subscription: str) -> list[str | None]:
    found = attempts.attempts(outlet.world.store, subscription).items
    return [str(one.status) if one.error is None else one.error for one in found]


def test_a_name_is_judged_by_the_address_that_it_has_when_it_is_connected_to(
    outlet: Outlet, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a name server that gives another answer each time (DNS rebinding)."""
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    answers = {"rebinding.example": "10.0.0.1"}
    asked: list[str] = []
    real = asyncio.BaseEventLoop.getaddrinfo

    async def resolve(loop: Any, host: str, port: int, **options: Any) -> Any:
        asked.append(host)
        return await real(loop, answers.get(host, host), port, **options)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    subscription = outlet.subscribe(receiver)
    _change_url(outlet, subscription, f"http://rebinding.example:{port}/hook")
    outlet.decide("A")
    outlet.turns()
    assert _tried(outlet, subscription) == ["address-not-permitted"]
    assert receiver.received == []
    answers["rebinding.example"] = "127.0.0.1"
    outlet.later(seconds=5)
    assert receiver.ids() == ["lamp:A/1"]
    assert asked == ["rebinding.example"] * 2, "a name is resolved once for each connection, and never again"


def test_without_the_setting_nothing_goes_to_this_machine(outlet: Outlet, receiver: Receiver) -> None:
    outlet.settings = outlet.settings.model_copy(update={"subscription_networks": ""})
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    outlet.turns()
    assert _tried(outlet, subscription) == ["address-not-permitted"]
    assert (receiver.received, receiver.unverified) == ([], [])


def test_a_host_that_is_not_there_is_a_failure_like_any_other(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        _change_url(outlet, subscription, f"http://127.0.0.1:{unused.getsockname()[1]}/")
        outlet.decide("A")
        outlet.turns()
    assert _tried(outlet, subscription) == ["not-connected"]
    assert outlet.found(subscription).held == 1
