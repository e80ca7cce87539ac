"""A real API on a real socket, and in front of it something that loses connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from makegood import Event
from tests.api.conftest import House, open_house
from tests.client.both import BOTH, AnyClient
from tests.client.unsteady import Unsteady
from workflow.access.role import Role


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An API for a whole module; its tests keep to subjects of their own."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('client') / 'makegood.db'}") as opened:
        yield opened


@pytest.fixture
def unsteady(house: House) -> Iterator[Unsteady]:
    """The same API behind connections that fail as the test says."""
    with Unsteady(house.http.base_url.port or 0) as proxy:
        yield proxy


def placed(name: str, **more: object) -> Event:
    """An event that opens the order of that name."""
    return Event("order.place", f"order:{name}", {"amount": 5}, source="/tests/client", **more)  # type: ignore[arg-type]


@pytest.fixture(params=BOTH)
def any_client(request: pytest.FixtureRequest, house: House) -> Iterator[AnyClient]:
    """Each of the two clients, with the key of an operator."""
    with AnyClient(request.param, str(house.http.base_url), house.keys[Role.OPERATOR]) as opened:
        yield opened
