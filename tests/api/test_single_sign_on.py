"""Signing in at an identity provider: who is known there and let in here; and all that signs nobody in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from tests.api.conftest import House, open_house
from tests.api.provider import SECRET, Provider, open_provider
from tests.api.signed_in import Browser
from tests.waiting import wait_until
from workflow.access import people
from workflow.access.role import Role
from workflow.access.single_sign_on import RolesClaim
from workflow.clock import SystemClock
from workflow.console import provider_choice
from workflow.store import schema

ADA = {"email": "Ada@Desk.example", "email_verified": True, "name": "Ada"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that knows Ada."""
    with open_provider() as opened:
        opened.claims = dict(ADA)
        yield opened
    provider_choice._provider.cache_clear()


@pytest.fixture
def house(database_url: str, tmp_path: Path, provider: Provider) -> Iterator[House]:
    """A door whose people sign in there; Ada is invited."""
    with open_house(
        database_url, clock=SystemClock(), data_dir=tmp_path, failed_keys_per_minute=0,
        sign_on_issuer=provider.issuer, sign_on_client_id="desk", sign_on_client_secret=SECRET,
        sign_on_roles={"leads": "supervisor", "care": "agent"}, sign_on_roles_claim="realm.groups",
    ) as opened:  # fmt: skip
        store = opened.runtime.store
        now = opened.runtime.clock.now()
        people.add(store, people.checked("ada@desk.example", "Ada", [Role.OPERATOR], now))
        yield opened


def sent_there(browser: Browser, path: str = "/line") -> str:
    """The address to which a browser is sent that wants to sign in."""
    answer = browser.post("/sign-in/elsewhere", {"next": path})
    assert answer.status_code == 200, answer.text
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert found
    return unescape(found[1])


def comes_back(browser: Browser, given: dict[str, str]) -> httpx.Response:
    """What it is answered with what the provider gave it."""
    return browser.http.get("/sign-in/return", params=given, headers={"Sec-Fetch-Site": "cross-site"})


def signs_in(house: House, provider: Provider) -> tuple[Browser, httpx.Response]:
    """A new browser that goes there and comes back."""
    browser = Browser(house)
    return browser, comes_back(browser, provider.let_in(sent_there(browser)))


def who(browser: Browser) -> str:
    """What somebody's own page says of them."""
    return browser.http.get("/admin/me").text


def test_who_was_invited_signs_in_and_is_who_they_are_here(house: House, provider: Provider) -> None:
    browser = Browser(house)
    place = sent_there(browser)
    asked = dict(parse_qsl(urlsplit(place).query))
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{house.http.base_url}/sign-in/return".replace("//sign", "/sign")
    answer = comes_back(browser, provider.let_in(place))
    assert (answer.status_code, answer.headers["location"]) == (303, "/line")
    assert "ada@desk.example" in who(browser) and "operator" in who(browser)
    assert people.find(house.runtime.store, "ada@desk.example").roles == (Role.OPERATOR,), "as invited"


def test_whom_the_mapping_names_is_made_and_stays_what_it_says(house: House, provider: Provider) -> None:
    store = house.runtime.store
    bea: dict[str, Any] = {"sub": "bea", "email": "bea@desk.example", "email_verified": True, "name": "Bea"}
    provider.claims = bea | {"realm": {"groups": ["other"]}}
    assert signs_in(house, provider)[1].status_code == 422, "nobody invited her, and nothing gives a role"
    provider.claims = bea | {"realm": {"groups": ["care", "leads", "other"]}}
    assert signs_in(house, provider)[1].status_code == 303
    assert people.find(store, "bea@desk.example").roles == (Role.AGENT, Role.SUPERVISOR)
    provider.claims = bea | {"realm": {"groups": "care"}}
    assert signs_in(house, provider)[1].status_code == 303
    assert people.find(store, "bea@desk.example").roles == (Role.AGENT,)
    provider.claims = bea | {"realm": {"groups": []}}
    assert signs_in(house, provider)[1].status_code == 422, "she is nothing here any more"


def test_an_address_that_changes_hands_opens_nothing(house: House, provider: Provider) -> None:
    assert signs_in(house, provider)[1].status_code == 303
    provider.claims = ADA | {"sub": "somebody else"}
    assert signs_in(house, provider)[1].status_code == 422
    provider.claims = ADA | {"email": "ada.new@desk.example"}
    browser, answer = signs_in(house, provider)
    assert answer.status_code == 303 and "ada@desk.example" in who(browser), "her own, whatever she is called"


@pytest.mark.parametrize("claims", [
    {"email_verified": False}, {"email_verified": None}, {"email_verified": "yes"}, {"email": None},
    {"email": ""}, {"email": "eve@desk.example"}, {"iss": "https://evil.example"}, {"aud": "another client"},
    {"aud": ["desk", "another"]}, {"nonce": "another"}, {"nonce": None}, {"exp": 1_000_000_000},
    {"exp": None}, {"iat": 4_000_000_000}, {"sub": ""}, {"sub": None}, {"sub": 7}, {"azp": "another client"},
    {"at_hash": "AAAA"},
])  # fmt: skip
def test_a_token_that_is_not_quite_right_signs_nobody_in(
    house: House, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = ADA | claims
    answer = signs_in(house, provider)[1]
    assert answer.status_code == 422, claims
    assert "makegood=" not in answer.headers.get("set-cookie", "")
    provider.claims = dict(ADA)
    assert signs_in(house, provider)[1].status_code == 303, "and nothing else kept her out"


def test_a_signature_of_somebody_else_or_with_our_secret_signs_nobody_in(
    house: House, provider: Provider
) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert signs_in(house, provider)[1].status_code == 422
    provider.signs_with, provider.algorithm = OctKey.import_key(SECRET), "HS256"
    assert signs_in(house, provider)[1].status_code == 422
    provider.signs_with, provider.algorithm = None, "RS256"
    assert signs_in(house, provider)[1].status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert signs_in(house, provider)[1].status_code == 303, "a provider that has new keys goes on"


def test_what_another_browser_began_or_what_was_used_signs_nobody_in(
    house: House, provider: Provider
) -> None:
    ada, eve = Browser(house), Browser(house)
    hers, evil = provider.let_in(sent_there(ada)), provider.let_in(sent_there(eve))
    assert comes_back(ada, evil).status_code == 422, "nobody is signed in as another without knowing it"
    assert comes_back(Browser(house), hers).status_code == 422
    ada = Browser(house)
    hers = provider.let_in(sent_there(ada))
    cookie = ada.http.cookies["makegood-sign-on"]
    assert comes_back(ada, hers).status_code == 303
    again = Browser(house)
    again.http.cookies.set("makegood-sign-on", cookie, domain="127.0.0.1")
    assert comes_back(again, hers).status_code == 422, "a state is taken once"
    for given in ({}, {"state": "x"}, {"state": "x", "code": "y"}, {"error": "access_denied", "state": "x"}):
        assert comes_back(again, given).status_code == 422


def test_who_took_too_long_starts_again(house: House, provider: Provider) -> None:
    browser = Browser(house)
    given = provider.let_in(sent_there(browser))
    with house.runtime.store.begin() as transaction:
        late = house.runtime.clock.now() - timedelta(seconds=1)
        transaction.connection.execute(schema.sign_ons.update().values(expires_at=late))
    assert comes_back(browser, given).status_code == 422


def test_another_provider_that_answers_or_says_no_signs_nobody_in(house: House, provider: Provider) -> None:
    for change in ({"iss": "https://evil.example"}, {"code": "never given"}, {"code": "", "error": "denied"}):
        browser = Browser(house)
        assert comes_back(browser, provider.let_in(sent_there(browser)) | change).status_code == 422, change
    browser = Browser(house)
    given = provider.let_in(sent_there(browser))
    del given["iss"]
    assert comes_back(browser, given).status_code == 422, "it has promised to say who it is"
    provider.userinfo = {"sub": "somebody else"}
    assert signs_in(house, provider)[1].status_code == 422


@pytest.mark.parametrize("published", [
    {"issuer": "https://evil.example"}, {"authorization_endpoint": None},
    {"authorization_endpoint": "javascript:alert(1)"},
])  # fmt: skip
def test_a_provider_that_is_another_is_not_gone_to(
    house: House, provider: Provider, published: dict[str, Any]
) -> None:
    provider.published = published
    assert Browser(house).post("/sign-in/elsewhere", {}).status_code == 502


def test_who_is_let_in_no_more_is_let_in_nowhere(house: House, provider: Provider) -> None:
    assert signs_in(house, provider)[1].status_code == 303
    people.disable(house.runtime.store, "ada@desk.example", house.runtime.clock.now())
    assert signs_in(house, provider)[1].status_code == 422


def test_a_page_of_another_site_sends_nobody_there(house: House) -> None:
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
    ):
        assert Browser(house).post("/sign-in/elsewhere", {}, **headers).status_code == 403


def test_without_a_provider_there_is_none(tmp_path: Path) -> None:
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", data_dir=tmp_path) as house:
        assert Browser(house).post("/sign-in/elsewhere", {}).status_code == 404
        assert Browser(house).http.get("/sign-in/return").status_code == 404
        assert "elsewhere" not in Browser(house).http.get("/sign-in").text


def test_why_somebody_was_not_let_in_stands_in_the_audit_log(house: House, provider: Provider) -> None:
    provider.claims = ADA | {"email_verified": False}
    signs_in(house, provider)

    def entries() -> list[tuple[str | None, str, str | None]]:
        with house.runtime.store.connect() as connection:
            audit = schema.audit.c
            query = select(audit.target, audit.outcome, audit.reason).where(audit.action == "sign in")
            return [tuple(row) for row in connection.execute(query)]

    wait_until(lambda: len(entries()) == 1, seconds=60, what="it to be written")
    assert entries() == [("ada@desk.example", "refused", "sign-on-unverified")]


def test_a_role_is_found_wherever_the_claim_stands() -> None:
    roles = {"a": "agent", "b": "admin"}
    assert RolesClaim("x", roles).of({"x": "a"}) == (Role.AGENT,)
    assert RolesClaim("https://x.example/roles", roles).of({"https://x.example/roles": ["b"]}) == (
        Role.ADMIN,
    )
    assert RolesClaim("x.y", roles).of({"x": {"y": ["b", "a", 3]}}) == (Role.AGENT, Role.ADMIN)
    assert RolesClaim("x.y", roles).of({"x": "a"}) == RolesClaim("x", roles).of({}) == ()
