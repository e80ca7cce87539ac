"""What a real forwarder posts is verified by the package, and nothing else is."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta

import pytest

from makegood.webhooks import Receiver, Unverified
from tasks.forwarding.forwarder import Forwarder
from tests.api.conftest import House, open_house, order
from tests.tasks.wire_server import HttpRequest, WireServer, answering, http_answer
from workflow.access.role import Role
from workflow.clock import SystemClock, VirtualClock
from workflow.settings import Settings

LOOPBACK = "127.0.0.0/8"
ANOTHER = "whsec_" + b64encode(b"another" * 4).decode()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One whose time is the receiver's: how old a message is says the system's clock."""
    url = f"sqlite:///{tmp_path_factory.mktemp('webhooks') / 'makegood.db'}"
    with open_house(url, clock=SystemClock(), subscription_networks=LOOPBACK) as opened:
        yield opened


class Delivered:
    """What a subscription delivers, with the secrets that it has had, the newest last."""

    def __init__(self, house: House, receiver: WireServer) -> None:
        self._house, self._receiver = house, receiver
        answer = self._post("", {"url": f"{receiver.url}/hook", "lifecycles": ["order"]})
        self._id = answer["subscription"]["id"]
        self.secrets = [answer["secret"]]

    def rotate(self, overlap: str) -> None:
        """A new secret; for so long the old one signs, too."""
        self.secrets.append(self._post(f"/{self._id}/secret", {"overlap": overlap})["secret"])

    def one(self, name: str, ahead: timedelta = timedelta()) -> HttpRequest:
        """The request that tells of an order, by a forwarder whose clock is so much ahead."""
        self._house.post(order("place", name, name, amount=5))
        self._house.apply()
        clock = VirtualClock(SystemClock().now() + ahead) if ahead else SystemClock()
        settings = Settings(subscription_networks=LOOPBACK)
        asyncio.run(Forwarder(self._house.runtime.store, clock, settings).run_once())
        request = self._receiver.requests[-1]
        assert f"order:{name}" in request.body.decode()
        return request

    def _post(self, path: str, body: dict[str, object]) -> dict[str, object] | dict[str, dict[str, str]]:
        answer = self._house.http.post(
            f"/v1/subscriptions{path}", json=body, headers=self._house.bearer(Role.OPERATOR)
        )
        assert answer.is_success, answer.text
        found: dict[str, object] = answer.json()
        return found


@pytest.fixture
def delivered(house: House) -> Iterator[Delivered]:
    with WireServer(answering(http_answer(204))) as receiver:
        yield Delivered(house, receiver)


def test_a_change_is_verified_and_read(delivered: Delivered) -> None:
    request = delivered.one("verified")
    found = Receiver(*delivered.secrets).verify(request.headers, request.body)
    assert (found.id, found.change["id"]) == (request.headers["webhook-id"], "order:verified/1")
    assert found.change["data"]["state"] == {"before": "initial", "after": "placed"}
    shouted = {name.title(): value for name, value in request.headers.items()}
    assert Receiver(*delivered.secrets).verify(shouted, request.body) == found


def test_either_secret_will_do_while_it_changes(delivered: Delivered) -> None:
    delivered.rotate("P1D")
    request = delivered.one("overlapping")
    old, new = delivered.secrets
    assert len(request.headers["webhook-signature"].split()) == 2
    for secrets in ([old], [new], [old, new], [ANOTHER, new]):
        assert (
            Receiver(*secrets).verify(request.headers, request.body).change["subject"] == "order:overlapping"
        )
    delivered.rotate("PT0S")
    request = delivered.one("changed")
    with pytest.raises(Unverified):
        Receiver(old, new).verify(request.headers, request.body)
    assert Receiver(old, delivered.secrets[-1]).verify(request.headers, request.body)


def test_what_was_changed_or_never_signed_is_not_believed(delivered: Delivered) -> None:
    request = delivered.one("forged")
    receiver = Receiver(*delivered.secrets)
    headers = dict(request.headers)
    receiver.verify(headers, request.body)
    with pytest.raises(Unverified):
        receiver.verify(headers, request.body.replace(b"placed", b"shipped"))
    with pytest.raises(Unverified):
        Receiver(ANOTHER).verify(headers, request.body)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        with pytest.raises(Unverified):
            receiver.verify({one: value for one, value in headers.items() if one != name}, request.body)
        for wrong in ("", "v1", "v1,", "v1,ä", "1", "a b", "v1,!!!!"):
            with pytest.raises(Unverified):
                receiver.verify(headers | {name: wrong}, request.body)
    with pytest.raises(Unverified):
        receiver.verify(headers, request.body + b"\xff")


def test_what_is_of_another_time_is_not_believed(delivered: Delivered) -> None:
    request = delivered.one("another-time", ahead=timedelta(minutes=6))
    with pytest.raises(Unverified):
        Receiver(*delivered.secrets).verify(request.headers, request.body)


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_ä",), (ANOTHER, "whsec_a")])
def test_what_is_no_secret_is_said_at_once(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Receiver(*secrets)
