"""Routes whose senders sign nothing: no log shows the secret, and nobody guesses it one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.api.conftest import House, open_house
from tests.hooks.shop import SECRET, SHOP, delivery, shop_settings
from tests.waiting import wait_until
from workflow.access.role import Role

GUESSES = 5
BY_ADDRESS = SHOP.replace("signed: {by: bearer}", "signed: {by: query, parameter: key}")


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door whose route has its secret in the address, and that bears five wrong ones a minute."""
    directory = tmp_path_factory.mktemp("shown")
    settings = shop_settings(directory, BY_ADDRESS, failed_keys_per_minute=GUESSES)
    with open_house(f"sqlite:///{directory / 'makegood.db'}", **settings) as opened:
        yield opened


def test_a_secret_in_the_address_stands_neither_in_the_audit_log_nor_with_what_is_kept(house: House) -> None:
    def post(key: str, number: int, kind: str) -> int:
        body = json.dumps(delivery(number, kind))
        return house.http.post(f"/v1/hooks/shop?key={key}", content=body).status_code

    assert post(SECRET, 1, "broken") == post(SECRET, 2, "unheard of") == 202
    assert post(f"{SECRET}x", 3, "broken") == 401

    def entries() -> str:
        return house.get("/v1/audit", Role.OPERATOR).text

    wait_until(lambda: "/v1/hooks/shop" in entries(), seconds=60, what="the refusal in the audit log")
    assert SECRET not in entries()
    kept = house.get("/v1/hooks/unmapped", Role.OPERATOR).json()["items"][0]["id"]
    assert SECRET not in house.get(f"/v1/hooks/unmapped/{kept}", Role.OPERATOR).text


def test_who_guesses_is_sent_away_and_who_knows_it_goes_on(house: House) -> None:
    body = json.dumps(delivery(1))
    assert house.http.post(f"/v1/hooks/shop?key={SECRET}", content=body).status_code == 202
    answers = [house.http.post(f"/v1/hooks/shop?key=guess-{n}", content=body).status_code for n in range(10)]
    assert answers[:GUESSES] == [401] * GUESSES
    assert set(answers[GUESSES:]) == {429}
    assert house.http.post(f"/v1/hooks/shop?key={SECRET}", content=body).status_code == 202


def test_secrets_of_routes_are_not_shown_with_the_settings(house: House) -> None:
    assert isinstance(house.runtime.settings.route_secrets, SecretStr)
    assert SECRET not in repr(house.runtime.settings)
