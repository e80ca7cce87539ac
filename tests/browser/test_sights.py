"""Pages as they are when much is on them or something is wrong; and no page of the console is left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Route, ViewportSize, expect

from tests.api.conftest import NOON, open_house, order
from tests.api.signed_in import token_of
from tests.api.test_desk import working
from tests.api.test_sandbox_page import ADA, BO, tell
from tests.api.test_trial_pages import LIFECYCLE, LOG, WORDS
from tests.browser.conftest import Desk, Screen, work_to_do
from tests.browser.english import english_of_ours, stores_of
from tests.browser.much_to_see import DOCUMENTED, HELPED, MuchToSee, much_to_see
from tests.browser.test_pages import PAGES, found_by_axe, pushed_aside, too_wide
from tests.replay.scene import LIFECYCLE as PARCEL
from tests.replay.scene import MAP
from workflow.access.role import Role
from workflow.clock import SandboxClock
from workflow.console import site
from workflow.store.purpose import claim

pytestmark = pytest.mark.timeout(600)
"""Some forty sights, each looked at by axe and at two widths."""
NO_PAGES = {
    "/assets/{digest}/{name}": "style, script and icon of pages",
    "/bell-worker.js": "what rings a bell in a browser that has no page open",
    "/live": "what an open page listens to",
    "/live/session": "whether its session lasts",
    "/live/waiting": "who waits, for the bell",
    "/lifecycles/{name}/{version}/drawing.svg": "a drawing in a page",
    "/lifecycles/{name}/counts.svg": "a drawing in a page",
    "/sign-in/return": "where a provider leads back to, and on from there (test_single_sign_on)",
}
"""What a browser gets that is not looked at, by its route, with what it is."""
WAYS: dict[str, dict[str, Any]] = {
    "desktop, light, English": {"width": 1280, "locale": "en-GB"},
    "phone, dark, German": {"width": 390, "locale": "de-DE", "color_scheme": "dark"},
}
_TRIAL = 90_000
"""Milliseconds: one is tried for a minute at most."""
_NARROW: ViewportSize = {"width": 320, "height": 740}
ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART:20260702T070000Z
DTEND:20260709T070000Z
SUMMARY:bea@desk.example
END:VEVENT
END:VCALENDAR
"""


@dataclass(frozen=True)
class Walk:
    """Somebody who goes through all that can be seen, and notes where they were.

    Attributes:
        where: the paths of pages that were opened. wrong: what is not for everybody, by sight.
    """

    desk: Desk
    seen: MuchToSee
    way: str
    where: set[str]
    wrong: dict[str, list[str]]

    @property
    def name(self) -> str:
        """Of this walk, for addresses of people."""
        return "".join(filter(str.isalnum, self.way)).lower()

    @property
    def options(self) -> dict[str, Any]:
        """Of the browser."""
        return WAYS[self.way]

    def screen(self, token: str | None) -> Screen:
        """A browser of somebody, or of nobody."""
        screen = self.desk.screen(token, **self.options)
        screen.page.on("framenavigated", lambda frame: self.where.add(urlsplit(frame.url).path))
        return screen

    def open(self, screen: Screen, path: str, status: int = 200) -> None:
        """Open a page, and be there: it is no error, and not where one signs in."""
        answer = screen.page.goto(screen.base + path)
        assert answer is not None and answer.status == status, (path, answer)
        assert urlsplit(screen.page.url).path == urlsplit(path).path, path

    def press(self, screen: Screen, selector: str) -> None:
        """Press a button that sends a form; the next page is there."""
        screen.page.evaluate("document.body.dataset.pressed = ''")  # the next page does not have it
        screen.page.locator(selector).first.click()
        expect(screen.page.locator("body:not([data-pressed])")).to_be_visible()
        screen.page.wait_for_load_state()

    def send_empty(self, screen: Screen, selector: str) -> None:
        """Send a form as it is, as a browser does that checks nothing itself: the summary has the focus."""
        screen.page.locator(selector).evaluate("one => { one.noValidate = true; one.requestSubmit() }")
        expect(screen.page.locator(".errors")).to_be_focused()
        screen.page.wait_for_load_state()

    def looks(self, screen: Screen, sight: str, *, status: str = "") -> None:
        """What is there now is for everybody: at its own width, and at that of the smallest telephone."""
        page = screen.page
        assert page.locator("html").get_attribute("lang") == self.options["locale"][:2], sight
        page.eval_on_selector_all("main details", "all => all.forEach((one) => { one.open = true })")
        wrong = too_wide(screen) + pushed_aside(screen) + found_by_axe(screen, self.desk.axe)
        if self.options["locale"].startswith("de"):
            wrong += [f"English: {one}" for one in english_of_ours(screen, *stores_of(self.desk.house))]
        page.set_viewport_size(_NARROW)
        wrong += [f"320 px: {one}" for one in too_wide(screen) + pushed_aside(screen)]
        page.set_viewport_size({"width": self.options["width"], "height": 800})
        if status:  # a browser says itself that an answer was no 200
            screen.complaints = [one for one in screen.complaints if status not in one]
        wrong += screen.complaints + page.evaluate("window.violations ?? []")
        screen.complaints.clear()
        if wrong:
            self.wrong[sight] = wrong


@contextmanager
def full_desk(folder: Path, chromium: Browser, axe: str) -> Iterator[Desk]:
    """A desk with the work of a day, and somebody who decides what comes in."""
    url = f"sqlite:///{folder / 'makegood.db'}"
    settings: dict[str, Any] = {"data_dir": folder, "database_url": url, "failed_keys_per_minute": 0}
    with open_house(url, zone="Europe/Berlin", **settings) as house, working(house):
        work_to_do(house)
        yield Desk(house, chromium, axe)


@contextmanager
def told_sandbox(folder: Path, chromium: Browser, axe: str) -> Iterator[Desk]:
    """A sandbox in which people were told something."""
    clock = SandboxClock(folder / "clock")
    clock.begin(NOON)
    with open_house(f"sqlite:///{folder / 'makegood.db'}", clock=clock, data_dir=folder) as house:
        claim(house.runtime.store, clock)
        house.post(order("place", "1", "1", amount=5))
        house.apply()
        base = str(house.http.base_url).rstrip("/")
        for number in range(6):
            tell(house, ADA, number, words=f"Your new time:\n{base}/l/{'a-rather-long-token' * 8}")
        tell(house, BO, 7)
        yield Desk(house, chromium, axe)


@pytest.fixture(scope="module")
def desk(chromium: Browser, axe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with more to be seen than a day has."""
    with full_desk(tmp_path_factory.mktemp("sights"), chromium, axe) as opened:
        yield opened


@pytest.fixture(scope="module")
def seen(desk: Desk) -> MuchToSee:
    """What there is besides."""
    return much_to_see(desk.house)


@pytest.fixture
def sandbox(chromium: Browser, axe: str, tmp_path: Path) -> Iterator[Desk]:
    """A sandbox whose clock nobody has moved yet."""
    with told_sandbox(tmp_path, chromium, axe) as opened:
        yield opened


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", WAYS)
def test_what_is_on_pages_now_and_then_is_for_everybody_and_no_page_is_left_out(
    desk: Desk, seen: MuchToSee, sandbox: Desk, way: str
) -> None:
    where = {urlsplit(path).path for path in PAGES}  # which test_pages looks at
    wrong: dict[str, list[str]] = {}
    through_everything(Walk(desk, seen, way, where, wrong), Walk(sandbox, seen, way, where, wrong))
    assert wrong == {}
    assert _left_out(where) == [], "each page is to be walked, or named in NO_PAGES"


def test_what_is_no_page_is_none(desk: Desk, everybody: str) -> None:
    """A page that was named there would not be looked at."""
    screen = desk.screen(everybody)
    screen.open("/lifecycles/promise")
    for path in ("/live/session", "/live/waiting", "/lifecycles/promise/counts.svg"):
        kind = screen.page.request.get(f"{screen.base}{path}").headers.get("content-type", "")
        assert not kind.startswith("text/html"), path
    assert set(NO_PAGES) <= set(_routes()), "each is there"


def _routes() -> dict[str, APIRoute]:
    """Whatever a browser may open of the console, by its route."""
    routes = [one for router in site.PAGES for one in router.routes if isinstance(one, APIRoute)]
    return {one.path: one for one in routes if "GET" in (one.methods or ())}


def _left_out(where: set[str]) -> list[str]:
    reached = set()
    for path in where:
        found = next((route for route, one in _routes().items() if one.path_regex.match(path)), None)
        reached.add(found)
    return sorted(set(_routes()) - reached - set(NO_PAGES))


def through_everything(walk: Walk, sandbox: Walk) -> None:
    """All that there is to be seen, in an installation and in a sandbox."""
    everybody = token_of(
        walk.desk.house, f"eve-{walk.name}", Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN
    )
    _strangers(walk)
    _people_of_the_desk(walk, everybody)
    _operators(walk, everybody)
    _integrators(walk, everybody)
    _sandbox(sandbox)


def _strangers(walk: Walk) -> None:
    """Who has not signed in: the first of all, somebody new, who has a wrong password or a wrong link."""
    for path, sight in ((walk.seen.welcome, "welcome"), (walk.seen.first, "welcome, the first")):
        screen = walk.screen(None)
        walk.open(screen, path)
        walk.looks(screen, sight)
    walk.send_empty(screen, "main form")
    walk.looks(screen, "welcome, nothing was said", status="422")
    screen = walk.screen(None)
    walk.open(screen, "/sign-in")
    screen.page.locator("#field-address").fill("nobody@desk.example")
    screen.page.locator("#field-password").fill("not the password")
    walk.press(screen, "main form button")
    walk.looks(screen, "sign in, wrong", status="422")
    walk.open(screen, "/l/no-such-link", 404)
    walk.looks(screen, "a link that opens nothing", status="404")


def _people_of_the_desk(walk: Walk, everybody: str) -> None:
    agent = walk.screen(walk.seen.agent)
    walk.open(agent, f"/work/{HELPED}")
    supervisor = walk.screen(everybody)
    for screen, words in (
        (supervisor, "Offer the voucher of twenty, and say that the technician has been told twice."),
        (agent, "They-take-it-and-say-thank-you-in-one-word-that-is-longer-than-any-line"),
    ):
        walk.open(screen, f"/work/{HELPED}")
        screen.page.locator("form[action$='/aside'] [name=words]").fill(words)
        walk.press(screen, "form[action$='/aside'] button")
        expect(screen.page.locator("#asides")).to_contain_text(words)
        walk.looks(screen, "work, words with a supervisor")
    screen = supervisor
    walk.open(screen, "/decisions")
    for one in screen.page.locator("#waiting input[type=checkbox]").all()[:3]:
        one.check()
    assert screen.page.locator("#waiting input:checked").count() == 3
    walk.looks(screen, "decisions, several are ticked")
    for path in ("/new/case/open", "/new/promise/make"):
        walk.open(screen, path)
        walk.send_empty(screen, "#begin")
        walk.looks(screen, f"{path}, nothing was said", status="422")
    for path in (
        f"/v1/alerts/{DOCUMENTED}/1", f"/cases/{DOCUMENTED.partition(':')[2]}", "/alerts?words=modem",
        "/barometer/promises?by=month", "/barometer/promises/subjects", "/search?q=nobody-is-called-this",
        "/line?kind=callback",
    ):  # fmt: skip
        walk.open(screen, path)
        walk.looks(screen, path)
    walk.open(screen, "/duty/support")
    screen.page.locator("details:has(#field-calendar) > summary").click()
    screen.page.locator("#field-calendar").fill(ICS)
    walk.press(screen, "form[action$='/import'] button")
    expect(screen.page).to_have_url(f"{screen.base.rstrip('/')}/duty/support/import")
    walk.looks(screen, "duty, a calendar before it is taken over")


def _operators(walk: Walk, everybody: str) -> None:
    screen = walk.screen(everybody)
    for path in (
        "/operate", "/operate/batch?kind=effect&what=email&word=timeout&act=retry",
        "/operate/batch?kind=event&what=order.place&word=nothing&act=drop",
        "/lifecycles/order/migrate?from=1&to=2&state-placed=ordered", "/lifecycles/order",
    ):  # fmt: skip
        walk.open(screen, path)
        walk.looks(screen, path)
    walk.open(screen, "/operate")
    walk.press(screen, "#unknown button[value=happened]")
    expect(screen.page.locator(".errors")).to_be_focused()
    walk.looks(screen, "operate, not said how one knows", status="422")
    walk.open(screen, "/admin/people")
    screen.page.locator("form[action='/admin/people'] #field-address").fill(f"new-{walk.name}@desk.example")
    screen.page.locator("form[action='/admin/people'] #field-name").fill("Somebody New")
    walk.press(screen, "form[action='/admin/people'] button")
    expect(screen.page.locator(".done code")).to_be_visible()
    walk.looks(screen, "people, a link that is shown once")


def _integrators(walk: Walk, everybody: str) -> None:
    screen, place = walk.screen(everybody), f"/admin/integrate/subscriptions/{walk.seen.subscription}"
    for path in (
        "/admin/integrate/rehearsal", "/admin/integrate/events", "/admin/integrate/events?refused=true",
        "/admin/integrate/events?test=true", "/admin/integrate", place, f"{place}?failed=true",
    ):  # fmt: skip
        walk.open(screen, path)
        walk.looks(screen, path)
    walk.press(screen, "button[value=secret]")
    expect(screen.page.locator(".done code")).to_be_visible()
    walk.looks(screen, "subscription, a new secret")
    walk.open(screen, "/admin/integrate")
    screen.page.locator("details:has(#field-sources) > summary").click()
    screen.page.locator("form[action$='/keys'] #field-name").fill("crm")
    walk.press(screen, "form[action$='/keys'] button")
    expect(screen.page.locator(".done code")).to_be_visible()
    walk.looks(screen, "integration, a key that is shown once")
    walk.open(screen, "/admin/integrate/events/test?type=promise.make")
    walk.press(screen, "main form[method=post] button")
    walk.looks(screen, "a test event, and what became of it")
    for what, filled in _TRIALS.items():
        walk.open(screen, "/admin/integrate/lifecycle")
        screen.page.eval_on_selector_all("main details", "all => all.forEach((one) => { one.open = true })")
        screen.page.set_default_timeout(_TRIAL)
        for name, text in filled.items():
            screen.page.locator(f"[name={name}]").fill(text)
        walk.press(screen, f"button[value={what}]")
        expect(
            screen.page.locator("main [role=status], main .drawing svg, main .errors").first
        ).to_be_visible()
        walk.looks(screen, f"a lifecycle, {what}", status="422")


_TRIALS: dict[str, dict[str, str]] = {
    "check": {"definition": LIFECYCLE},
    "draw": {"definition": LIFECYCLE, "words": WORDS},
    "test": {"definition": LIFECYCLE, "words": WORDS, "scenario": "scenario: 1\nnonsense: true\n"},
    "replay": {"definition": PARCEL, "log": LOG, "map": MAP},
}


def _sandbox(walk: Walk) -> None:
    """The page of a sandbox: as operators have it, as others do, wrong, and while its clock is moved."""
    house = walk.desk.house
    name = f"sandy-{walk.name}"
    operator = walk.screen(token_of(house, name, Role.OPERATOR))
    agent = walk.screen(token_of(house, f"{name}-looks-on", Role.AGENT))
    for screen, sight in ((operator, "sandbox"), (agent, "sandbox, one looks on")):
        walk.open(screen, "/sandbox")
        walk.looks(screen, sight)
    walk.open(operator, f"/sandbox?person={BO}")
    walk.looks(operator, "sandbox, one person")
    walk.open(operator, "/sandbox?person=nobody@desk.example")
    walk.looks(operator, "sandbox, nothing found")
    walk.open(operator, "/sandbox")
    walk.press(operator, "button[value=PT1H]")
    operator.page = operator.page.context.new_page()  # the one before looks anew by itself meanwhile
    operator.page.route("**/sandbox", _without_refresh)
    walk.open(operator, "/sandbox")
    assert operator.page.locator("form[action='/sandbox/advance']").count() == 0
    walk.looks(operator, "sandbox, its clock is moved")
    operator.page.context.close()


def _without_refresh(route: Route) -> None:
    """The answer without its wish to be looked at anew in a second, which would come amid a look."""
    answer = route.fetch()
    kept = {name: value for name, value in answer.headers.items() if name != "refresh"}
    route.fulfill(response=answer, headers=kept)
