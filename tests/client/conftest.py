"""A real API on a real socket, and in front of it something that loses connections."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from makegood import Event
from tests.api.conftest import House, open_house
from tests.client.both import BOTH, AnyClient
from tests.client.unsteady import Unsteady
from workflow.access.role import Role
from workflow.cli import main


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


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def makegood(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command in this process, whose settings name the API and an operator's key."""
    monkeypatch.setenv("MAKEGOOD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAKEGOOD_API_URL", str(house.http.base_url))
    monkeypatch.setenv("MAKEGOOD_API_KEY", house.keys[Role.OPERATOR])

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["makegood", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run
