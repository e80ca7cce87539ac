"""Passkeys: who has one signs in by it; whatever is not quite it signs nobody in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.api.authenticator import Authenticator
from tests.api.conftest import NOON, House, open_house
from tests.api.signed_in import Browser, browser_of
from tests.api.test_signing_in import PASSWORD, chosen, clock_of
from tests.waiting import wait_until
from workflow.access import people
from workflow.access.role import Role
from workflow.clock import VirtualClock
from workflow.store import schema


@pytest.fixture
def new_house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A door on a clock of its own."""
    with open_house(
        database_url, clock=VirtualClock(NOON), data_dir=tmp_path, failed_keys_per_minute=0
    ) as opened:
        yield opened


def named(house: House, browser: Browser) -> Browser:
    """A browser that asks for this machine by its name, as passkeys need it."""
    port = house.http.base_url.port
    browser.http.headers["Host"] = f"localhost:{port}"
    return browser


def origin_of(house: House) -> str:
    """Of the pages, as a browser writes it."""
    return f"http://localhost:{house.http.base_url.port}"


def options_of(browser: Browser, path: str) -> str:
    """The options that the form of a page holds."""
    found = re.search(r'data-options="([^"]+)"', browser.http.get(path).text)
    assert found, "the page has a form for passkeys"
    return unescape(found[1])


def added(house: House, browser: Browser, device: Authenticator, **more: str) -> httpx.Response:
    """The answer to a form with a new passkey."""
    token = browser.forms("/admin/me").to("/admin/me/settings")["token"]
    answer = device.made(options_of(browser, "/admin/me"))
    return browser.post(
        "/admin/me/passkeys", {"token": token, "passkey_name": "phone", "answer": answer} | more
    )


@pytest.fixture
def ada(new_house: House) -> Browser:
    """Somebody who has just signed in."""
    return named(new_house, chosen(new_house))


@pytest.fixture
def device(new_house: House, ada: Browser) -> Authenticator:
    """Ada's passkey."""
    made = Authenticator(origin_of(new_house))
    assert added(new_house, ada, made).status_code == 303
    return made


def signs_in(house: House, answer: str, **headers: str) -> tuple[Browser, httpx.Response]:
    """A new browser, and what it was answered when this was sent."""
    browser = named(house, Browser(house))
    return browser, browser.post("/sign-in/passkey", {"answer": answer, "next": "/line"}, **headers)


def fresh(house: House) -> str:
    """The options of a sign-in page that was just opened."""
    return options_of(named(house, Browser(house)), "/sign-in")


def test_who_has_a_passkey_signs_in_by_it_and_is_themselves(new_house: House, device: Authenticator) -> None:
    browser, answer = signs_in(new_house, device.answered(fresh(new_house)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/line")
    page = browser.http.get("/admin/me").text
    assert "ada@desk.example" in page and "phone" in page
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 303, "and again"


def test_several_are_listed_and_one_that_is_removed_opens_nothing(
    new_house: House, ada: Browser, device: Authenticator
) -> None:
    second = Authenticator(origin_of(new_house))
    assert added(new_house, ada, second, passkey_name="laptop").status_code == 303
    forms = [
        fields for place, fields, _ in ada.forms("/admin/me").all if place == "/admin/me/passkeys/remove"
    ]
    assert len(forms) == 2
    eve = named(new_house, browser_of(new_house, "eve", Role.ADMIN))
    hers = {"token": eve.forms("/admin/me").to("/admin/me/settings")["token"], "passkey": forms[0]["passkey"]}
    assert eve.post("/admin/me/passkeys/remove", hers).status_code == 404, "nobody removes another's"
    first = next(one for one in forms if one["passkey"] == json.loads(device.signed("AA"))["id"])
    assert ada.post("/admin/me/passkeys/remove", first).status_code == 303
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 422
    assert signs_in(new_house, second.answered(fresh(new_house)))[1].status_code == 303


def test_an_answer_works_once(new_house: House, device: Authenticator) -> None:
    answer = device.answered(fresh(new_house))
    assert signs_in(new_house, answer)[1].status_code == 303
    assert signs_in(new_house, answer)[1].status_code == 422
    device.count = 0  # such as one in several devices, which never counts
    with new_house.runtime.store.begin() as transaction:
        transaction.connection.execute(schema.passkeys.update().values(sign_count=0))
    silent = device.signed(json.loads(fresh(new_house))["challenge"])
    assert [signs_in(new_house, silent)[1].status_code for _ in range(2)] == [303, 422]


def test_of_two_at_once_with_the_same_answer_one_is_let_in(new_house: House, device: Authenticator) -> None:
    answer = device.answered(fresh(new_house))
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: signs_in(new_house, answer)[1].status_code, range(6)))
    assert sorted(found) == [303] + [422] * 5


def test_a_counter_that_does_not_go_on_is_a_copy(new_house: House, device: Authenticator) -> None:
    device.count = 7
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 303
    for count in (0, 7):  # 1 and 8 after counting on: behind, and the same
        device.count = count
        assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 422
    device.count = 8
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 303


def test_what_is_not_quite_it_signs_nobody_in(new_house: House, ada: Browser, device: Authenticator) -> None:
    store = new_house.runtime.store
    for change in (
        {"origin": "http://localhost:1"}, {"origin": "https://evil.example"}, {"site": "evil.example"},
        {"verifies": False}, {"owner": b"somebody else"}, {"id": b"never seen before"},
        {"key": Authenticator("x").key},
    ):  # fmt: skip
        before = {name: getattr(device, name) for name in change}
        for name, value in change.items():
            setattr(device, name, value)
        status = signs_in(new_house, device.answered(fresh(new_house)))[1].status_code
        assert status == 422, change
        for name, value in before.items():
            setattr(device, name, value)
    made_for_adding = json.loads(options_of(ada, "/admin/me"))["challenge"]
    own = "A" * 96
    old = json.loads(fresh(new_house))["challenge"]
    tampered = ("A" if old[40] != "A" else "B").join((old[:40], old[41:]))
    for challenge in (made_for_adding, own, tampered, ""):
        device.count += 1
        assert signs_in(new_house, device.signed(challenge))[1].status_code == 422, challenge
    for text in ("", "{}", "null", "[]", "x" * 12_000, '{"id":"a","rawId":"a","type":"public-key"}', "\x00"):
        assert signs_in(new_house, text)[1].status_code == 422, text[:20]
    clock_of(new_house).advance(timedelta(minutes=10))
    device.count += 1
    assert signs_in(new_house, device.signed(old))[1].status_code == 422, "too old"
    people.disable(store, "ada@desk.example", new_house.runtime.clock.now())
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 422, "let in no more"
    people.disable(store, "ada@desk.example", None)
    assert signs_in(new_house, device.answered(fresh(new_house)))[1].status_code == 303, "and nothing else"


def test_a_form_of_another_site_signs_nobody_in(new_house: House, device: Authenticator) -> None:
    answer = device.answered(fresh(new_house))
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
    ):
        assert signs_in(new_house, answer, **headers)[1].status_code == 403


def test_what_one_session_asked_for_another_cannot_add(new_house: House, ada: Browser) -> None:
    eve = named(new_house, browser_of(new_house, "eve", Role.ADMIN))
    hers = eve.forms("/admin/me").to("/admin/me/settings")["token"]
    stolen = Authenticator(origin_of(new_house)).made(options_of(ada, "/admin/me"))
    fields = {"token": hers, "passkey_name": "x", "answer": stolen}
    assert eve.post("/admin/me/passkeys", fields).status_code == 422
    assert eve.post("/admin/me/passkeys", fields | {"answer": "{}"}).status_code == 422
    unseen = Authenticator(origin_of(new_house), verifies=False)
    assert added(new_house, eve, unseen).status_code == 422
    assert added(new_house, eve, Authenticator("https://evil.example")).status_code == 422
    assert added(new_house, eve, Authenticator(origin_of(new_house)), passkey_name=" ").status_code == 422
    half = Authenticator(origin_of(new_house), half_key=True)
    assert added(new_house, eve, half).status_code == 422
    mine = Authenticator(origin_of(new_house))
    assert added(new_house, ada, mine).status_code == 303
    assert added(new_house, eve, mine).status_code == 422, "it is Ada's"
    with new_house.runtime.store.connect() as connection:
        assert len(connection.execute(select(schema.passkeys.c.id)).all()) == 1


def test_after_ten_minutes_the_password_is_asked_for_again(new_house: House, ada: Browser) -> None:
    clock_of(new_house).advance(timedelta(minutes=10))
    one = Authenticator(origin_of(new_house))
    assert added(new_house, ada, one).status_code == 422
    assert added(new_house, ada, one, passkey_password="not this one").status_code == 422
    assert added(new_house, ada, one, passkey_password=PASSWORD).status_code == 303
    form = ada.forms("/admin/me").to("/admin/me/passkeys/remove")
    assert ada.post("/admin/me/passkeys/remove", form).status_code == 422
    assert ada.post("/admin/me/passkeys/remove", form | {"passkey_password": PASSWORD}).status_code == 303


def test_an_address_without_a_name_offers_none_and_says_where(new_house: House) -> None:
    browser = chosen(new_house)
    page = browser.http.get("/admin/me").text
    assert "data-options" not in page and f"{origin_of(new_house)}/admin/me" in page
    assert "data-options" not in Browser(new_house).http.get("/sign-in").text
    assert Browser(new_house).post("/sign-in/passkey", {"answer": "{}"}).status_code == 422


def test_behind_a_proxy_the_site_is_the_address_of_the_world(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    with open_house(url, public_url="https://care.example", data_dir=tmp_path) as house:
        page = httpx.get(
            f"{house.http.base_url}/sign-in", headers={"Host": "care.example", "Accept": "text/html"}
        )
        found = re.search(r'data-options="([^"]+)"', page.text)
        assert found and json.loads(unescape(found[1]))["rpId"] == "care.example"


def test_who_came_by_a_passkey_and_who_did_not_stands_in_the_audit_log(
    new_house: House, device: Authenticator
) -> None:
    signs_in(new_house, device.answered(fresh(new_house)))
    device.origin = "https://evil.example"
    signs_in(new_house, device.answered(fresh(new_house)))

    def entries() -> list[tuple[str | None, str, str | None]]:
        with new_house.runtime.store.connect() as connection:
            audit = schema.audit.c
            query = select(audit.actor, audit.outcome, audit.reason).where(audit.action == "sign in")
            return [tuple(row) for row in connection.execute(query.order_by(audit.id))]

    wait_until(lambda: len(entries()) == 3, seconds=60, what="all to be written")
    ada = "person:ada@desk.example"
    assert entries()[1:] == [(ada, "done", None), (None, "refused", "passkey-signature")]
