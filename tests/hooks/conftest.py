"""A door with every ready route open, on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.api.conftest import NOON, House, open_house
from tests.hooks.signing import PUBLIC_URL, SECRETS, SIGNERS
from tests.hooks.stories import Delivery
from workflow.hooks.open_routes import ready_names


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door for a whole module."""
    settings: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "route_secrets": SecretStr(json.dumps({name: SECRETS[name] for name in ready_names()})),
        "failed_keys_per_minute": 0,
    }
    if request.param == "sqlite":
        with open_house(
            f"sqlite:///{tmp_path_factory.mktemp('hooks') / 'makegood.db'}", **settings
        ) as opened:
            yield opened
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create_database()
    with open_house(server.url(name), **settings) as opened:
        yield opened
    server.drop_database(name)


def signed(route: str, body: bytes, secret: str | None = None) -> dict[str, str]:
    """The headers by which a system shows at noon that a body is its own."""
    return SIGNERS[route](SECRETS[route] if secret is None else secret, body, NOON)


def deliver(house: House, one: Delivery, **headers: str) -> httpx.Response:
    """Post a recorded message, signed as its system signs."""
    head = {**one.head, **signed(one.route, one.body), **headers}
    return house.http.post(one.path, content=one.body, headers=head)


def subject(house: House, key: str) -> dict[str, Any]:
    """A subject as the API shows it; `state` is None where there is none."""
    answer = house.get(f"/v1/subjects/{key}")
    if answer.status_code == 404:
        return {"state": None}
    found: dict[str, Any] = answer.json()
    return found
