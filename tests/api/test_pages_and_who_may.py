"""Pages: every route by every role and every state of a session. What is refused is refused.

They are walked as the site has them: a page that nobody has decided about fails here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from tests.api.conftest import NOON, House, open_house, order
from tests.api.signed_in import Browser, browser_of, token_of
from workflow.access import people, sessions
from workflow.access.role import OF_PEOPLE, Role
from workflow.api.browser import limits_of
from workflow.console.site import PAGES

_AGENT, _SUPERVISOR, _OPERATOR, _ADMIN = OF_PEOPLE
_ALL = frozenset(OF_PEOPLE)
_OPERATING = frozenset({_OPERATOR, _ADMIN})
_ADMINS = frozenset({_ADMIN})

WHO_MAY = {
    "GET /": _ALL,
    "GET /line": _ALL,
    "POST /line/claim": _ALL,
    "GET /new": _ALL,
    "GET /new/{name}/{trigger}": _ALL,
    "POST /new/{name}/{trigger}": _ALL,
    "GET /live": _ALL,
    "GET /live/session": _ALL,
    "GET /live/waiting": _ALL,
    "POST /live/session": _ALL,
    "POST /live/here": _ALL,
    "POST /bells": _ALL,
    "POST /bells/off": _ALL,
    "POST /bells/heard": _ALL,
    "GET /work/{key}": _ALL,
    "POST /work/{key}/outcome": _ALL,
    "POST /work/{key}/extend": _ALL,
    "POST /work/{key}/aside": _ALL,
    "GET /cases/{number}": _ALL,
    "GET /subjects/{key}": _ALL,
    "POST /subjects/{key}/do/{trigger}": _ALL,
    "GET /lifecycles/{name}/{version}/drawing.svg": _ALL,
    "GET /promises": _ALL,
    "GET /search": _ALL,
    "GET /duty": _ALL,
    "POST /duty": _OPERATING,
    "GET /duty/{id}": _ALL,
    "POST /duty/{id}/override": _ALL,
    "POST /duty/{id}/take-back": _ALL,
    "POST /duty/{id}/import": _OPERATING,
    "GET /lifecycles": _ALL,
    "GET /lifecycles/{name}": _ALL,
    "GET /lifecycles/{name}/counts.svg": _ALL,
    "GET /lifecycles/{name}/migrate": _OPERATING,
    "POST /lifecycles/{name}/migrate": _OPERATING,
    "GET /operate": _OPERATING,
    "GET /operate/batch": _OPERATING,
    "POST /operate/batch": _OPERATING,
    "POST /operate/effects/{effect_id}": _OPERATING,
    "GET /decisions": _ALL,
    "POST /decisions/{key}": _ALL,
    "POST /decisions/several": _ALL,
    "GET /barometer": _ALL,
    "GET /barometer/{name}": _ALL,
    "GET /barometer/{name}/subjects": _ALL,
    "GET /alerts": _ALL,
    "GET /v1/alerts/{case}/{version}": _ALL,
    "GET /v1/cases/{number}/packet": _ALL,
    "GET /sandbox": _ALL,
    "POST /sandbox/advance": _OPERATING,
    "GET /admin/me": _ALL,
    "POST /admin/me/settings": _ALL,
    "POST /admin/me/sessions/end": _ALL,
    "POST /admin/me/password": _ALL,
    "POST /admin/me/bells/remove": _ALL,
    "POST /admin/me/passkeys": _ALL,
    "POST /admin/me/passkeys/remove": _ALL,
    "POST /sign-out": _ALL,
    "GET /explain/{key}": _ALL,
    "GET /admin/integrate": _OPERATING,
    "POST /admin/integrate/keys": _OPERATING,
    "POST /admin/integrate/keys/change": _OPERATING,
    "POST /admin/integrate/subscriptions": _OPERATING,
    "GET /admin/integrate/subscriptions/{id}": _OPERATING,
    "POST /admin/integrate/subscriptions/{id}": _OPERATING,
    "GET /admin/integrate/rehearsal": _OPERATING,
    "POST /admin/integrate/rehearsal/examples": _OPERATING,
    "POST /admin/integrate/rehearsal/empty": _OPERATING,
    "POST /admin/integrate/rehearsal/ended": _OPERATING,
    "GET /admin/integrate/events": _OPERATING,
    "GET /admin/integrate/events/test": _OPERATING,
    "POST /admin/integrate/events/test": _OPERATING,
    "GET /admin/integrate/lifecycle": _OPERATING,
    "POST /admin/integrate/lifecycle": _OPERATING,
    "GET /admin/people": _ADMINS,
    "POST /admin/people": _ADMINS,
    "POST /admin/people/change": _ADMINS,
}
"""By route, the roles of people that are let in; what they then get is another matter."""
OPEN = {
    "GET /sign-in", "POST /sign-in", "POST /sign-in/passkey", "POST /sign-in/elsewhere",
    "GET /sign-in/return", "GET /docs", "GET /welcome/{token}", "POST /welcome/{token}", "GET /l/{token}",
    "POST /l/{token}", "GET /assets/{digest}/{name}",
    "GET /bell-worker.js",
}  # fmt: skip
"""Those for whoever has no session: what they ask for is in the address or the form itself."""
_PATH = {
    "{key:path}": "callback:1", "{name}": "promises", "{case:path}": "case:1", "{version}": "1",
    "{number:path}": "1", "{effect_id}": "1", "{id}": "1",
}  # fmt: skip


_NO_PAGES = {"/live": "text/event-stream", "/live/session": "application/json",
             "/live/waiting": "application/json"}  # fmt: skip
"""What an open page asks for by itself, and is answered so."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with one subject behind it."""
    with open_house(
        f"sqlite:///{tmp_path_factory.mktemp('door') / 'makegood.db'}", failed_keys_per_minute=0
    ) as opened:
        opened.post(order("place", "1", "1", amount=5))
        opened.apply()
        yield opened


@pytest.fixture(scope="module")
def browsers(house: House) -> dict[Role, Browser]:
    """Somebody of each role, and of no other."""
    return {role: browser_of(house, f"only-{role}", role) for role in OF_PEOPLE}


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of every page."""
    for router in PAGES:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


def named(method: str, path: str) -> str:
    """As the tables above write it."""
    return f"{method} {path.replace(':path', '')}"


def filled(path: str) -> str:
    """A path of that route."""
    for name, value in _PATH.items():
        path = path.replace(name, value)
    return path


CLOSED = [(method, path) for method, path in routes() if named(method, path) not in OPEN]
FORMS = [path for method, path in CLOSED if method == "POST"]


def test_somebody_has_decided_about_every_page() -> None:
    assert {named(method, path) for method, path in routes()} == WHO_MAY.keys() | OPEN


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_who_has_not_signed_in_is_led_there_or_refused(house: House, method: str, path: str) -> None:
    for browser in _without_a_session(house):
        answer = browser.http.request(method, filled(path), data={"token": "x"} if method == "POST" else None)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith("/sign-in")
    program = house.http.request(method, filled(path), headers={"Accept": "application/json"})
    assert program.status_code == 401


def _without_a_session(house: House) -> Iterator[Browser]:
    """Nobody; a token that never was; a session that was ended, is too old, or is of somebody disabled."""
    store, now, limits = house.runtime.store, house.runtime.clock.now(), limits_of(house.runtime.settings)
    yield Browser(house)
    yield Browser(house, "never-was")
    if "ended@desk.example" not in _tokens:
        for name in ("ended", "disabled"):
            _tokens[f"{name}@desk.example"] = token_of(house, name, Role.ADMIN)
        _tokens["old"] = token_of(house, "old", Role.ADMIN)
        found = sessions.find(store, _tokens["ended@desk.example"], now, limits)
        assert found is not None
        sessions.end(store, found[1], found[0].id, now)
        people.disable(store, "disabled@desk.example", NOON)
        person = people.find(store, "old@desk.example")
        long_ago = NOON - limits.length
        with store.begin() as transaction:
            _tokens["old"] = sessions.begin(transaction, person, long_ago, limits, None, "")[1]
    yield from (Browser(house, token) for token in _tokens.values())


_tokens: dict[str, str] = {}


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_each_page_lets_in_whom_it_is_for(
    house: House, browsers: dict[Role, Browser], method: str, path: str
) -> None:
    for role, browser in browsers.items():
        if path == "/sign-out":
            continue  # it would be the end of this test
        if method == "POST":
            answer = browser.post(filled(path), {"token": form_token(browser)})
        else:
            with browser.http.stream("GET", filled(path)) as answer:  # one of them never ends by itself
                if path != "/live":
                    answer.read()
        let_in = answer.status_code != 403
        assert let_in == (role in WHO_MAY[named(method, path)]), (role, answer.status_code)
        assert answer.status_code < 500
        expected = _NO_PAGES.get(path, "text/html") if let_in else "text/html"
        assert answer.status_code in (204, 303) or answer.headers["content-type"].startswith(expected)


def form_token(browser: Browser) -> str:
    """What the forms of this session hold."""
    token: str = browser.forms("/admin/me").to("/admin/me/settings")["token"]
    return token


@pytest.fixture(scope="module")
def former(house: House, browsers: dict[Role, Browser]) -> str:
    """What a form of the admin's held in a session that has ended: it was shown to them, and is replayed."""
    store, now, limits = house.runtime.store, house.runtime.clock.now(), limits_of(house.runtime.settings)
    person = people.find(store, f"only-{_ADMIN}@desk.example")
    with store.begin() as transaction:
        session, token = sessions.begin(transaction, person, now, limits, None, "")
    shown = form_token(Browser(house, token))
    sessions.end(store, person, session.id, now)
    return shown


@pytest.mark.parametrize("path", FORMS)
def test_a_form_counts_only_from_a_page_of_ours_in_this_session(
    house: House, browsers: dict[Role, Browser], former: str, path: str
) -> None:
    mine, other = browsers[_ADMIN], browsers[_OPERATOR]
    token = form_token(mine)
    before = house.counts()
    for fields, headers in (
        ({}, {}),
        ({"token": ""}, {}),
        ({"token": form_token(other)}, {}),
        ({"token": former}, {}),
        ({"token": token}, {"Sec_Fetch_Site": "cross-site"}),
        ({"token": token}, {"Sec_Fetch_Site": "same-site"}),
        ({"token": token}, {"Sec_Fetch_Site": "", "Origin": "https://evil.example"}),
        ({"token": token}, {"Sec_Fetch_Site": "", "Origin": "null"}),
    ):
        answer = mine.post(filled(path), fields, **headers)
        assert answer.status_code == 403, (fields, headers, answer.status_code)
    assert house.counts() == before, "nothing is stored"
    assert mine.http.get(filled(path)).status_code in (200, 303, 404, 405, 409, 422), "and no address does it"


def test_a_page_of_another_site_signs_nobody_in(house: House) -> None:
    for path in ("/sign-in", "/welcome/abc"):
        for headers in (
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
        ):
            answer = Browser(house).post(path, {"address": "a@b.example", "password": "x"}, **headers)
            assert answer.status_code == 403


def test_what_a_person_may_is_what_their_key_may(house: House, browsers: dict[Role, Browser]) -> None:
    """By the session's cookie nothing is sent to the API: that takes a key, which no page has."""
    for browser in browsers.values():
        event = order("place", "2", "2", amount=5)
        headers = {"Content-Type": "application/cloudevents+json"}
        assert browser.http.post("/v1/events", json=event, headers=headers).status_code == 401
        assert browser.http.post("/v1/desk/claim", json={}).status_code == 401


def test_a_page_that_does_not_exist_knows_who_looks(house: House, browsers: dict[Role, Browser]) -> None:
    for path, status in (("/nowhere", 404), ("/work/", 404), ("/sign-out", 405)):
        answer = browsers[_ADMIN].http.get(path)
        assert answer.status_code == status, path
        assert 'href="/sign-in"' not in answer.text and 'action="/sign-out"' in answer.text, path
    assert 'href="/sign-in"' in Browser(house).http.get("/nowhere").text


def test_every_page_has_the_headers_that_let_nothing_else_run(
    house: House, browsers: dict[Role, Browser]
) -> None:
    for path in (
        "/",
        "/line",
        "/barometer",
        "/alerts",
        "/admin/me",
        "/admin/people",
        "/nowhere",
        "/work/callback:x",
    ):
        answer = browsers[_ADMIN].http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (
            "style=" not in answer.text
            and "<style" not in answer.text
            and " on" + "click=" not in answer.text
        )
    page = Browser(house).http.get("/l/no-link")
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
