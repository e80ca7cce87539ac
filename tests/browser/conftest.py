"""A desk with work to do, and Debian's Chromium in front of it.

Without Chromium these tests are skipped on a laptop and fail in CI, as those of servers do.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.api.conftest import House, open_house
from tests.api.signed_in import token_of
from tests.api.test_desk import asked, call, working
from tests.servers.npm_packages import npm_packages
from workflow.access.role import Role

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHRIS = {
    "key": "customer:chris", "name": "Chris Overlong-Surname", "phone": "+49 30 1234", "zone": "Asia/Tokyo",
    "email": "chris.overlong-surname@a-rather-long-domain.example", "language": "en",
}  # fmt: skip
_PATIENCE = 30_000.0
"""Milliseconds after which what a page is to show never comes: a machine on which others work is slow."""
expect.set_options(timeout=_PATIENCE)
CASE, PROMISE = "case:D-1", "promise:D-2"
_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


@dataclass(slots=True)
class Screen:
    """A page, and all that its browser had to complain about."""

    page: Page
    base: str
    complaints: list[str]

    def open(self, path: str) -> None:
        """Open a page of the desk."""
        self.page.goto(self.base + path)

    def show_all_pages(self) -> None:
        """On a telephone, open what all pages and the way out stand behind."""
        menu = self.page.locator("header.top .menu summary")
        if menu.is_visible():
            menu.click()

    def is_clean(self) -> None:
        """Nothing was complained about so far: no error, nothing that the policy forbids."""
        violations = self.page.evaluate("window.violations ?? []")
        assert (self.complaints, violations) == ([], [])


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk, a browser, and what pages are held against."""

    house: House
    browser: Browser
    axe: str

    def screen(self, token: str | None = None, *, width: int = 1280, **options: Any) -> Screen:
        """A browser of its own in which somebody has signed in; None: nobody."""
        context = self.context(token, width=width, **options)
        page = context.new_page()
        complaints: list[str] = []
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Screen(page, str(self.house.http.base_url), complaints)

    def context(self, token: str | None, *, width: int, **options: Any) -> BrowserContext:
        """The same without a page; it notes what the policy of a page forbids."""
        height = 800 if width > 700 else 740
        context = self.browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(_PATIENCE)
        context.add_init_script(_WATCH)
        if token is not None:
            base = str(self.house.http.base_url)
            context.add_cookies([{"name": "makegood", "value": token, "url": base}])
        return context


@pytest.fixture(scope="module")
def chromium(missing: Callable[[str], None]) -> Iterator[Browser]:
    """Debian's Chromium, for a module: while it runs, no other test of its process can run an event loop."""
    found = shutil.which("chromium")
    if found is None:
        missing("chromium is missing, and pages are looked at with it: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config, missing: Callable[[str], None]) -> str:
    """The text of axe-core."""
    folder = Path(__file__).with_name("packages")
    packages = npm_packages(folder, pytestconfig.cache.mkdir("browser"), missing)
    return (packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def desk(chromium: Browser, axe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a case, promises, calls, an escalation and an approval, on a clock that stands still."""
    url = f"sqlite:///{tmp_path_factory.mktemp('desk') / 'makegood.db'}"
    with open_house(url, zone="Europe/Berlin", failed_keys_per_minute=0) as house, working(house):
        work_to_do(house)
        yield Desk(house, chromium, axe)


@pytest.fixture(scope="module")
def everybody(desk: Desk) -> str:
    """The token of somebody who may see all pages."""
    return token_of(desk.house, "ada", Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)


def work_to_do(house: House) -> None:
    """A case, promises, calls, an escalation, an approval and a rotation."""
    olga = "olga@shop.example"
    words = "The modem is dead since Tuesday and nobody came; I took a day off for it."
    asked(house, "case.open", CASE, customer=CHRIS, words=words, owner=olga, team="billing")
    asked(house, "case.acknowledge", CASE, by=olga, understood="Dead modem, missed appointment")
    asked(house, "case.step", CASE, step="reboot", result="still dead", by=olga)
    asked(house, "case.tell_fact", CASE, fact="serial_number", value="A-1-2-3", by=olga)
    asked(house, "case.promise", CASE, words="A new modem is on its way", owner=olga, by=olga,
          due_at="2026-07-01T16:00:00Z")  # fmt: skip
    asked(house, "promise.make", PROMISE, words="We write how it went", owner=olga, customer=CHRIS,
          due_at="2026-07-01T12:40:00Z")  # fmt: skip
    for name in ("1", "2", "3"):
        call(house, name, "billing", promise_due_at=f"2026-07-01T12:0{name}:00Z")
    ladder = [{"people": ["bea@desk.example"], "within": "PT1H"}]
    asked(house, "escalation.open", "escalation:D-3", words="Nobody called within two hours", ladder=ladder,
          customer=CHRIS, case=CASE)  # fmt: skip
    event = {
        "specversion": "1.0", "id": "approval", "source": "/tests", "type": "approval.request",
        "subject": "approval:D-4",
        "data": {"words": "A refund of 40 for the day off", "what": "refund", "amount": 40, "by": olga,
                 "ladder": ladder, "reason": "More than the front line may grant", "case": CASE},
    }  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code == 202
    event |= {"id": "duty", "type": "rotation.set", "subject": "rotation:support", "data": {
        "until": "2026-08-01T00:00:00Z",
        "shifts": [
            {"from": "2026-06-29T07:00:00Z", "to": "2026-07-06T07:00:00Z", "people": ["bea@desk.example"]},
            {"from": "2026-07-07T07:00:00Z", "to": "2026-07-31T07:00:00Z", "people": [olga]},
        ],
        "overrides": [
            {"from": "2026-07-02T07:00:00Z", "to": "2026-07-03T07:00:00Z", "people": ["zoe@desk.example"]},
        ],
    }}  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code == 202
    house.apply()
