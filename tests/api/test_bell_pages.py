"""A browser asks for its bell, on pages; who may, what is refused, and what ends one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import House, open_house
from tests.api.signed_in import Browser, browser_of
from tests.servers.push_service import PushService
from workflow.access import bells, people
from workflow.access.bells import Bell
from workflow.access.role import Role
from workflow.recovery.bells import push_keys

CONTACT = "mailto:ops@shop.example"
_NAMES = count(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door where browsers may have bells at a push service of this machine."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bells') / 'makegood.db'}"
    with open_house(
        url, push_contact=CONTACT, push_networks="127.0.0.0/8", zone="Europe/Berlin", failed_keys_per_minute=0
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def service(house: House) -> Iterator[PushService]:
    with PushService(house.runtime.clock.now) as opened:
        yield opened


def somebody(house: House, *roles: Role) -> tuple[str, Browser]:
    """The address of somebody new, and their browser."""
    name = f"bell{next(_NAMES)}"
    return f"{name}@desk.example", browser_of(house, name, *(roles or (Role.AGENT,)))


def form_token(browser: Browser) -> str:
    """What their forms hold."""
    return browser.forms("/admin/me").to("/admin/me/settings")["token"]


def asked(house: House, service: PushService) -> dict[str, str]:
    """What a new browser at the push service says of itself."""
    address = service.browser(push_keys(house.runtime.store, house.runtime.clock.now()).public).address
    return {"endpoint": address.endpoint, "public_key": address.public_key, "auth": address.auth}


def switch_on(house: House, service: PushService, browser: Browser, **more: str) -> httpx.Response:
    """Ask for a bell as the page does."""
    said = asked(house, service) | {"token": form_token(browser)} | more
    return browser.post("/bells", said, Accept="application/problem+json")


def of(house: House, address: str) -> list[Bell]:
    """The bells of somebody."""
    return bells.listed(house.runtime.store, people.find(house.runtime.store, address).id)


def problems(answer: httpx.Response) -> dict[str, str]:
    """By field, the rule that was broken."""
    assert answer.status_code == 422, answer.text
    return {one["field"]: one["rule"] for one in answer.json()["errors"]}


def test_a_bell_is_asked_for_listed_and_removed_by_its_person(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    answer = switch_on(house, service, browser, quiet_from="20:00", quiet_to="08:00")
    assert (answer.status_code, answer.content) == (204, b"")
    house.apply()
    (bell,) = of(house, address)
    known: Any = house.get(f"/v1/subjects/{bell.key}", Role.OPERATOR).json()
    assert known["state"] == "listening"
    assert known["data"]["browser"] == {
        "push": bell.id, "zone": "Europe/Berlin", "language": "en", "quiet_hours": ["20:00-08:00"],
    }  # fmt: skip
    page = browser.get("/admin/me").text
    assert "Browsers that notify you" in page and "quiet from 20:00 to 08:00" in page
    assert bell.endpoint not in page and bell.auth not in page
    assert browser.send("/admin/me", "/admin/me/bells/remove").status_code == 303
    assert of(house, address) == [] and "Browsers that notify you" not in browser.get("/admin/me").text


def test_the_same_browser_has_one_and_other_hours_change_it(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    said = asked(house, service)
    assert switch_on(house, service, browser, **said).status_code == 204
    house.apply()
    before = house.counts()["events"]
    assert switch_on(house, service, browser, **said).status_code == 204
    assert house.counts()["events"] == before, "what is as it was is no news"
    assert switch_on(house, service, browser, **said, quiet_from="21:00", quiet_to="07:00").status_code == 204
    house.apply()
    (bell,) = of(house, address)
    assert (bell.quiet_from, bell.quiet_to) == ("21:00", "07:00")


def test_whoever_asks_for_it_next_in_one_browser_has_it(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    other, next_one = somebody(house)
    said = asked(house, service)
    switch_on(house, service, browser, **said)
    assert next_one.post("/bells/off", {"token": form_token(next_one)} | said).status_code == 204
    assert len(of(house, address)) == 1, "nobody switches off another's"
    switch_on(house, service, next_one, **said)
    assert (len(of(house, address)), len(of(house, other))) == (0, 1)
    assert next_one.post("/bells/off", {"token": form_token(next_one)} | said).status_code == 204
    assert of(house, other) == []


def test_nobody_removes_anothers(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    _, other = somebody(house, Role.ADMIN)
    switch_on(house, service, browser)
    (bell,) = of(house, address)
    answer = other.post("/admin/me/bells/remove", {"token": form_token(other), "bell": bell.id})
    assert answer.status_code == 404 and len(of(house, address)) == 1


def test_it_ends_with_its_session_and_with_its_person(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    switch_on(house, service, browser)
    assert browser.post("/sign-out", {"token": form_token(browser)}).status_code == 303
    assert of(house, address) == []
    gone, theirs = somebody(house)
    switch_on(house, service, theirs)
    people.disable(house.runtime.store, gone, house.runtime.clock.now())
    assert of(house, gone) == []
    with house.runtime.store.connect() as connection:
        query = "select endpoint, public_key, auth from bells where ended_at is not null"
        left = {value for row in connection.exec_driver_sql(query) for value in row}
    assert left == {None}, "what is over has no address and no keys"


def test_of_one_person_there_are_so_many_at_most(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    for _ in range(bells.MOST):
        assert switch_on(house, service, browser).status_code == 204
    assert problems(switch_on(house, service, browser)) == {"endpoint": "most"}
    assert len(of(house, address)) == bells.MOST


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("endpoint", "", "url"),
        ("endpoint", "javascript:alert(1)", "url"),
        ("endpoint", "https://ops@push.example/1", "url"),
        ("endpoint", "https://10.0.0.8/push", "address"),
        ("endpoint", "https://169.254.169.254/latest/meta-data", "address"),
        ("endpoint", "https://[::1]/push", "address"),
        ("endpoint", "https://push.example/" + "x" * 2000, "length"),
        ("public_key", "", "push-key"),
        ("public_key", "B" + "A" * 86, "push-key"),
        ("public_key", "ä", "push-key"),
        ("auth", "c2hvcnQ", "push-key"),
        ("quiet_from", "25:00", "time"),
        ("quiet_to", "8 o'clock", "time"),
    ],
)
def test_what_no_browser_says_is_refused_by_field_and_rule(
    house: House, service: PushService, field: str, text: str, rule: str
) -> None:
    address, browser = somebody(house)
    said = asked(house, service) | {"token": form_token(browser), field: text}
    answer = browser.post("/bells", said, Accept="application/problem+json")
    assert problems(answer) == {field: rule}
    assert of(house, address) == []


def test_no_other_site_asks_for_one(house: House, service: PushService) -> None:
    address, browser = somebody(house)
    said = asked(house, service) | {"token": form_token(browser)}
    assert browser.post("/bells", said, Sec_Fetch_Site="cross-site").status_code == 403
    assert browser.post("/bells", said | {"token": "another"}).status_code == 403
    assert of(house, address) == []


def test_where_no_contact_is_set_there_are_none(tmp_path: Path) -> None:
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", push_networks="127.0.0.0/8") as house:
        address, browser = somebody(house)
        with PushService(house.runtime.clock.now) as service:
            assert switch_on(house, service, browser).status_code == 404
        assert of(house, address) == []
        assert "data-push-key" not in browser.get("/").text and "bell-push" not in browser.get("/").text


def test_a_page_tells_its_script_whose_key_it_is_and_nobody_who_they_are(house: House) -> None:
    address, browser = somebody(house)
    page = browser.get("/").text
    public = push_keys(house.runtime.store, house.runtime.clock.now()).public
    assert f'data-push-key="{public}"' in page
    assert people.find(house.runtime.store, address).id not in page


def test_the_worker_is_for_all_pages_always_looked_at_anew_and_reaches_nobody(house: House) -> None:
    answer = house.http.get("/bell-worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    again = house.http.get("/bell-worker.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "fetch" not in answer.text and "importScripts" not in answer.text
