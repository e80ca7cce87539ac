"""Signing in: by a link that works once, by a password, for as long as a session lasts; and the audit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.api.conftest import NOON, House, open_house
from tests.api.signed_in import Browser, browser_of, token_of
from tests.waiting import wait_until
from workflow.access import invitations, people
from workflow.access.role import Role
from workflow.clock import VirtualClock
from workflow.errors import NotFound
from workflow.store import schema

PASSWORD = "correct horse battery staple"
OTHER = "another long one, it is"


def clock_of(house: House) -> VirtualClock:
    """The clock that a test moves."""
    clock = house.runtime.clock
    assert isinstance(clock, VirtualClock)
    return clock


@pytest.fixture
def new_house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A door behind which nobody is known yet, on a clock of its own."""
    with open_house(
        database_url, clock=VirtualClock(NOON), data_dir=tmp_path, failed_keys_per_minute=0
    ) as opened:
        yield opened


def chosen(house: House, address: str = "ada@desk.example", *roles: Role) -> Browser:
    """Somebody who has chosen their password by a link, and whose browser has a session by it."""
    store, now = house.runtime.store, house.runtime.clock.now()
    person = people.add(store, people.checked(address, "Ada", roles or (Role.AGENT,), now))
    browser = Browser(house)
    path = f"/welcome/{invitations.invite(store, person, now)}"
    answer = browser.post(path, {"password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return browser


def signs_in(house: House, password: str, address: str = "ada@desk.example") -> tuple[Browser, int]:
    """A browser, and what it was answered when somebody sent the form."""
    browser = Browser(house)
    fields = browser.forms("/sign-in").to("/sign-in") | {"address": address, "password": password}
    return browser, browser.post("/sign-in", fields).status_code


def test_the_first_link_makes_an_admin_and_works_once(new_house: House) -> None:
    store = new_house.runtime.store
    path = f"/welcome/{invitations.invite(store, None, NOON)}"
    browser = Browser(new_house)
    empty = browser.post(path, {}).text
    assert all(f'href="#field-{field}"' in empty for field in ("address", "name", "password")), "all at once"
    given = {"address": " Ada@Desk.example ", "name": "Ada"}
    for password, words in (
        ("short", "at least 12 characters"),
        ("passwort12345678", "first that somebody else"),
    ):
        answer = browser.post(path, given | {"password": password})
        assert (answer.status_code, words in answer.text) == (422, True)
    answer = browser.post(path, given | {"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Ada" in browser.get("/").text
    (ada,) = people.listed(store)
    assert (ada.address, ada.role) == ("ada@desk.example", Role.ADMIN)
    assert Browser(new_house).post(path, given | {"password": PASSWORD}).status_code == 404
    second = invitations.invite(store, None, NOON)
    answer = Browser(new_house).post(
        f"/welcome/{second}", {"address": "eve@x.example", "name": "E", "password": PASSWORD}
    )
    assert answer.status_code == 422, "a house is set up once"
    assert [one.address for one in people.listed(store)] == ["ada@desk.example"]


def test_a_newer_link_takes_the_place_of_an_older_one_and_none_lasts(new_house: House) -> None:
    store = new_house.runtime.store
    old, new = (invitations.invite(store, None, NOON) for _ in range(2))
    with pytest.raises(NotFound):
        invitations.invited(store, old, NOON)
    assert invitations.invited(store, new, NOON) is None
    with pytest.raises(NotFound):
        invitations.invited(store, new, NOON + timedelta(days=2))


def test_whoever_knows_the_password_gets_a_new_session_each_time(new_house: House) -> None:
    chosen(new_house)
    first, second = (signs_in(new_house, PASSWORD, "ADA@desk.example")[0] for _ in range(2))
    tokens = {browser.http.cookies["makegood"] for browser in (first, second)}
    assert len(tokens) == 2
    with new_house.runtime.store.connect() as connection:
        kept = set(connection.scalars(select(schema.sessions.c.digest)))
    assert len(kept) == 3 and not kept & tokens, "of a token only its digest is kept"
    assert signs_in(new_house, "something else entirely")[1] == 422


def test_who_signs_in_again_with_the_same_browser_has_no_second_session(new_house: House) -> None:
    browser = chosen(new_house)
    former = browser.http.cookies["makegood"]
    fields = {"address": "ada@desk.example", "password": PASSWORD}
    assert browser.post("/sign-in", fields).status_code == 303
    assert browser.http.get("/").status_code == 200
    assert Browser(new_house, former).http.get("/").status_code == 303


def test_the_cookie_is_for_no_script_and_no_other_site(new_house: House) -> None:
    chosen(new_house)
    fields = {"address": "ada@desk.example", "password": PASSWORD}
    plain = Browser(new_house).post("/sign-in", fields).headers["set-cookie"]
    assert plain.startswith("makegood=") and "HttpOnly" in plain and "SameSite=lax" in plain
    assert Browser(new_house).post("/sign-in", fields, Host="desk.lan:8080").status_code == 403


def test_over_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    with open_house(url, public_url="https://care.example", data_dir=tmp_path) as house:
        chosen(house)
        answer = Browser(house).post(
            "/sign-in",
            {"address": "ada@desk.example", "password": PASSWORD},
            Host="care.example",
            Origin="https://care.example",
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-makegood=") and "Secure" in cookie and "Domain" not in cookie
        page = Browser(house).http.get("/sign-in", headers={"Host": "care.example"})
        assert page.headers["strict-transport-security"].startswith("max-age=")
        token = cookie.partition("=")[2].partition(";")[0]
        for name, host, status in (
            ("__Host-makegood", "care.example", 200),
            ("makegood", "care.example", 303),
            ("makegood", "desk.lan", 303),
        ):
            headers = {"Cookie": f"{name}={token}", "Host": host}
            assert Browser(house).http.get("/", headers=headers).status_code == status, (name, host)


def test_after_some_wrong_passwords_the_next_attempt_waits_whoever_it_is(
    new_house: House,
) -> None:
    chosen(new_house)
    for address in ("ada@desk.example", "nobody@desk.example"):
        answers = [signs_in(new_house, f"wrong password {n}", address)[1] for n in range(7)]
        assert answers == [422] * 5 + [429] * 2
    assert signs_in(new_house, PASSWORD)[1] == 429, "a right one is not even looked at"
    clock_of(new_house).advance(timedelta(seconds=2))
    assert signs_in(new_house, PASSWORD)[1] == 303
    assert signs_in(new_house, "wrong password 8")[1] == 422, "a right one ends the count"


def test_a_session_ends_by_itself_unused_and_however_it_is_used(new_house: House) -> None:
    browser = chosen(new_house)
    clock_of(new_house).advance(timedelta(hours=2))
    assert browser.http.get("/").status_code == 303
    browser = signs_in(new_house, PASSWORD)[0]
    for _ in range(11):
        clock_of(new_house).advance(timedelta(hours=1))
        assert browser.http.get("/").status_code == 200
    clock_of(new_house).advance(timedelta(hours=1))
    assert browser.http.get("/line").headers["location"] == "/sign-in?next=/line"


def test_sessions_are_seen_and_ended_from_another_browser(new_house: House) -> None:
    phone = chosen(new_house)
    desk = signs_in(new_house, PASSWORD)[0]
    other = signs_in(new_house, PASSWORD)[0]
    page = desk.forms("/admin/me")
    ends = [fields for action, fields, _ in page.all if action == "/admin/me/sessions/end"]
    assert len(ends) == 3, "two others, and all others"
    assert desk.post("/admin/me/sessions/end", ends[0]).status_code == 303
    assert sorted(one.http.get("/").status_code for one in (phone, other)) == [200, 303]
    assert desk.post("/admin/me/sessions/end", ends[-1]).status_code == 303
    assert [one.http.get("/").status_code for one in (phone, other, desk)] == [303, 303, 200]
    assert desk.post("/admin/me/sessions/end", ends[0]).status_code == 404
    eve = browser_of(new_house, "eve", Role.AGENT)
    hers = eve.forms("/admin/me").to("/admin/me/sessions/end") | {"session": ends[0]["session"]}
    assert eve.post("/admin/me/sessions/end", hers).status_code == 404, "nobody ends another's"


def test_signing_out_ends_the_session_in_sql_too(new_house: House) -> None:
    browser = chosen(new_house)
    token = browser.http.cookies["makegood"]
    assert browser.send("/", "/sign-out").headers["location"] == "/sign-in"
    assert Browser(new_house, token).http.get("/").status_code == 303


def test_another_password_ends_all_other_sessions(new_house: House) -> None:
    desk, phone = chosen(new_house), signs_in(new_house, PASSWORD)[0]
    answer = desk.send("/admin/me", "/admin/me/password", present="not this one", password=OTHER)
    assert answer.status_code == 422
    answer = desk.send("/admin/me", "/admin/me/password", present=PASSWORD, password=OTHER)
    assert answer.status_code == 303
    assert [one.http.get("/").status_code for one in (desk, phone)] == [200, 303]
    assert signs_in(new_house, PASSWORD)[1] == 422
    assert signs_in(new_house, OTHER)[1] == 303


def test_who_is_let_in_no_more_is_out_at_once(new_house: House) -> None:
    browser = chosen(new_house)
    people.disable(new_house.runtime.store, "ada@desk.example", NOON)
    assert browser.http.get("/").status_code == 303
    assert signs_in(new_house, PASSWORD)[1] == 422
    people.disable(new_house.runtime.store, "ada@desk.example", None)
    assert signs_in(new_house, PASSWORD)[1] == 303


def test_nobody_is_led_to_another_site(new_house: House) -> None:
    chosen(new_house)
    for path in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        fields = {"address": "ada@desk.example", "password": PASSWORD, "next": path}
        assert Browser(new_house).post("/sign-in", fields).headers["location"] == "/"
    fields = {"address": "ada@desk.example", "password": PASSWORD, "next": "/line?kind=callback"}
    assert Browser(new_house).post("/sign-in", fields).headers["location"] == "/line?kind=callback"


def test_who_signed_in_and_who_tried_stands_in_the_audit_log(new_house: House) -> None:
    chosen(new_house)
    signs_in(new_house, "not the right one")

    def entries() -> list[tuple[str | None, str, str | None]]:
        with new_house.runtime.store.connect() as connection:
            audit = schema.audit.c
            rows = connection.execute(
                select(audit.actor, audit.outcome, audit.reason).where(
                    audit.action == "sign in", audit.target == "ada@desk.example"
                )
            )
            return [tuple(row) for row in rows]

    wait_until(lambda: len(entries()) == 2, seconds=60, what="both to be written")
    assert set(entries()) == {("person:ada@desk.example", "done", None), (None, "refused", "password")}


def test_roles_change_with_the_next_request_and_nobody_takes_their_own(new_house: House) -> None:
    admin = browser_of(new_house, "ada", Role.ADMIN)
    bea = browser_of(new_house, "bea", Role.AGENT)
    assert bea.http.get("/admin/people").status_code == 403
    answer = admin.send(
        "/admin/people", "/admin/people/change", number=1, **{"what": "roles", "role-admin": "yes"}
    )
    assert answer.status_code == 303
    assert bea.http.get("/admin/people").status_code == 200
    own = admin.send("/admin/people", "/admin/people/change", **{"what": "disable"})
    assert own.status_code == 403
    added = admin.send("/admin/people", "/admin/people", address="cy@desk.example", name="Cy")
    assert added.status_code == 200 and "/welcome/" in added.text
    assert token_of(new_house, "dan", Role.OPERATOR)
