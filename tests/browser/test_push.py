"""A bell in a browser whose pages are closed: asked for by a press, shown by its worker, heard by a press.

Headless Chromium has no push service: where the page asks for one it is given that of the tests, whose
messages are read with the keys of this browser and then delivered to the service worker, as Chromium does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tasks.channels.table import configured
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.api.conftest import House, open_house
from tests.api.signed_in import token_of
from tests.api.test_desk import call, working
from tests.browser.conftest import CHRIS, Desk, Screen
from tests.browser.test_pages import found_by_axe, too_wide
from tests.servers.push_service import PushedBrowser, PushService
from tests.tasks.outgoing import LEASE
from workflow.access import bells, people, sessions
from workflow.access.role import Role
from workflow.api.browser import limits_of
from workflow.outbox import effects as outbox
from workflow.recovery.bells import push_keys

CONTACT = {"push_contact": "mailto:ops@shop.example", "push_networks": "127.0.0.0/8"}
BERLIN = {**CHRIS, "zone": "Europe/Berlin"}
_STAND_IN = """
(() => {
  const said = %s;
  const plain = (text) => text.replace(/-/g, "+").replace(/_/g, "/");
  const bytes = (text) => Uint8Array.from(atob(plain(text)), (one) => one.charCodeAt(0)).buffer;
  const KEY = "tests/push";
  const made = (key) => ({
    endpoint: said.endpoint,
    options: { applicationServerKey: bytes(key) },
    getKey: (name) => bytes(name === "auth" ? said.auth : said.public_key),
    unsubscribe: async () => { localStorage.removeItem(KEY); return true; },
  });
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem(KEY);
    return key ? made(key) : null;
  };
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new Error("a push that nobody sees");
    const text = btoa(String.fromCharCode(...applicationServerKey));
    const key = text.replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
    localStorage.setItem(KEY, key);
    return made(key);
  };
})();
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """Somebody's browser with a bell, and what carries it there."""

    desk: Desk
    screen: Screen
    service: PushService
    pushed: PushedBrowser
    address: str

    def look(self) -> None:
        """A sweep, and what is to be sent of it: as by a worker, apart from the event loop of Playwright."""
        with ThreadPoolExecutor(1) as worker:
            worker.submit(self._look).result()

    def _look(self) -> None:
        runtime = self.desk.house.runtime
        sweep(runtime.engine, runtime.clock)
        self.desk.house.apply()
        channels = configured(runtime.settings, runtime.clock, runtime.store)
        rows = outbox.claim(runtime.store, runtime.clock.now(), LEASE, 100)
        if rows:
            NoticeSender(runtime, channels).run([row.id for row in rows], rows[0].token, 30.0)

    def bells(self) -> list[bells.Bell]:
        """Those of this person."""
        store = self.desk.house.runtime.store
        return bells.listed(store, people.find(store, self.address).id)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A desk on whose pages browsers may be asked to ring."""
    url = f"sqlite:///{tmp_path_factory.mktemp('push') / 'makegood.db'}"
    with (
        open_house(url, zone="Europe/Berlin", failed_keys_per_minute=0, **CONTACT) as opened,
        working(opened),
    ):
        yield opened


@pytest.fixture(scope="module")
def own_desk(house: House, chromium: Browser, axe: str) -> Desk:
    return Desk(house, chromium, axe)


@contextmanager
def closed(desk: Desk, name: str, *, language: str = "en", width: int = 1280) -> Iterator[Closed]:
    """Somebody whose browser's push service is that of the tests."""
    runtime = desk.house.runtime
    with PushService(runtime.clock.now) as service:
        pushed = service.browser(push_keys(runtime.store, runtime.clock.now()).public)
        screen = desk.screen(
            token_of(desk.house, name, Role.AGENT, teams=(name,)), width=width,
            locale={"en": "en-GB", "de": "de-DE"}[language], permissions=["notifications"],
        )  # fmt: skip
        said = {"endpoint": pushed.address.endpoint, "public_key": pushed.address.public_key}
        screen.page.add_init_script(_STAND_IN % json.dumps(said | {"auth": pushed.address.auth}))
        yield Closed(desk, screen, service, pushed, f"{name}@desk.example")
        screen.page.context.close()


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Wait until it does; the browser goes on meanwhile."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {what}")


def delivered(page: Page, message: dict[str, Any]) -> None:
    """Hand a message to the service worker of this page, as Chromium does with what a push brings."""
    spoken = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    spoken.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    spoken.send("ServiceWorker.enable")
    until(page, lambda: bool(found), "a service worker")
    said = {
        "origin": page.evaluate("location.origin"),
        "registrationId": found[-1]["registrationId"],
        "data": json.dumps(message),
    }
    spoken.send("ServiceWorker.deliverPushMessage", said)
    spoken.detach()


def shown(page: Page) -> list[dict[str, Any]]:
    """The notifications that are shown now."""
    found: list[dict[str, Any]] = page.evaluate(
        """async () => (await (await navigator.serviceWorker.ready).getNotifications())
             .map(({ title, body, lang, tag, data }) => ({ title, body, lang, tag, data }))"""
    )
    return found


def notified(page: Page, message: dict[str, Any]) -> list[dict[str, Any]]:
    """The notifications after a message; what a busy Chromium drops, it is handed again."""
    for _ in range(10):
        delivered(page, message)
        for _ in range(100):
            if found := shown(page):
                return found
            page.wait_for_timeout(50)
    how = page.evaluate(
        """async () => ({ allowed: Notification.permission,
             worker: (await navigator.serviceWorker.getRegistration())?.active?.state })"""
    )
    raise AssertionError(f"never: a notification ({how})")


def pressed(page: Page) -> str | None:
    """Press the notification: to which page it leads, where none is open there.

    Of a press that no hand made, Chromium opens and focuses nothing, so what it would open is noted.
    """
    (worker,) = page.context.service_workers
    opened: str | None = worker.evaluate(
        """async () => {
             let opened = null, done = null;
             self.clients.openWindow = async (url) => { opened = url; };
             const [notification] = await self.registration.getNotifications();
             const press = new Event("notificationclick");
             self.dispatchEvent(Object.assign(press, { notification, waitUntil: (one) => { done = one; } }));
             await done.catch(() => {});
             return opened;
           }"""
    )
    return opened


@pytest.mark.parametrize(
    ("language", "width", "press", "title"),
    [("en", 1280, "Notify me", "Somebody new waits"), ("de", 320, "Benachrichtigen", "Jemand Neues wartet")],
)
def test_one_press_and_the_browser_tells_it_without_a_name(
    own_desk: Desk, language: str, width: int, press: str, title: str
) -> None:
    name = f"push-{language}"
    with closed(own_desk, name, language=language, width=width) as one:
        page = one.screen.page
        one.screen.open("/")
        expect(page.locator("#bell-push")).to_be_visible()
        assert found_by_axe(one.screen, own_desk.axe) == [] and too_wide(one.screen) == []
        page.get_by_role("button", name=press).click()
        expect(page.locator("#bell-push [data-off]")).to_be_visible()
        expect(page.locator("#bell-push [role=status]")).not_to_be_empty()
        assert found_by_axe(one.screen, own_desk.axe) == [] and too_wide(one.screen) == []
        (bell,) = one.bells()
        assert (bell.quiet_from, bell.quiet_to) == ("20:00", "08:00")
        call(own_desk.house, "one", name, customer=BERLIN)
        one.look()
        (said,) = one.pushed.read
        assert said["title"] == title and one.service.refused == []
        (notification,) = notified(page, said)
        assert (notification["title"], notification["lang"]) == (title, language)
        assert notification["data"]["page"] == "/line"
        assert "Chris" not in json.dumps(notification) and "Say sorry" not in json.dumps(notification)
        delivered(page, said)
        page.wait_for_timeout(300)
        assert len(shown(page)) == 1, "a second copy is shown once"
        one.screen.open("/admin/me")
        assert found_by_axe(one.screen, own_desk.axe) == [] and too_wide(one.screen) == []
        page.locator("form[action='/admin/me/bells/remove'] button").click()
        page.locator(".done").wait_for()
        assert one.bells() == []
        one.screen.is_clean()


def state_of(house: House, key: str) -> str:
    """The state of a subject."""
    found = house.get(f"/v1/subjects/{key}", Role.OPERATOR).json()
    return str(found["state"])


def switched_on(one: Closed) -> Page:
    """Today's page, after the press."""
    one.screen.open("/")
    one.screen.page.get_by_role("button", name="Notify me").click()
    expect(one.screen.page.locator("#bell-push [data-off]")).to_be_visible()
    return one.screen.page


def test_a_press_opens_the_page_and_says_that_it_was_heard(own_desk: Desk) -> None:
    name = "push-press"
    with closed(own_desk, name) as one:
        page = switched_on(one)
        key = one.bells()[0].key
        call(own_desk.house, "one", name, customer=BERLIN)
        one.look()
        notified(page, one.pushed.read[-1])
        assert pressed(page) == "/line#heard"
        assert shown(page) == []
        one.screen.open("/line#heard")
        until(page, lambda: not one.bells()[0].told, "heard")
        assert page.url == f"{one.screen.base}/line"
        until(page, lambda: state_of(own_desk.house, key) == "listening", "its subject has heard, too")
        call(own_desk.house, "two", name, customer=BERLIN)
        one.look()
        notified(page, one.pushed.read[-1])
        assert pressed(page) is None, "a page is open there: it is told, and comes to the front"
        until(page, lambda: not one.bells()[0].told, "heard")
        one.screen.is_clean()


def test_heard_by_its_key_in_an_open_page_it_is_heard_in_all_browsers(own_desk: Desk) -> None:
    name = "push-key"
    with closed(own_desk, name) as one:
        page = switched_on(one)
        page.get_by_role("button", name="Switch the sound on").click()
        expect(page.locator("#live-status")).to_have_text("live")
        call(own_desk.house, "one", name, customer=BERLIN)
        one.look()
        assert one.bells()[0].told
        expect(page.locator("#bell")).to_be_visible()
        page.keyboard.press("a")
        until(page, lambda: not one.bells()[0].told, "heard")
        one.screen.is_clean()


def test_it_is_switched_off_and_its_hours_changed_where_it_was_switched_on(own_desk: Desk) -> None:
    with closed(own_desk, "push-off") as one:
        page = switched_on(one)
        page.locator("#bell-from").fill("22:30")
        page.locator("#bell-from").blur()
        until(page, lambda: one.bells()[0].quiet_from == "22:30", "other hours")
        page.get_by_role("button", name="No more notifications").click()
        expect(page.locator("#bell-push [data-on]")).to_be_visible()
        until(page, lambda: one.bells() == [], "none any more")
        one.screen.open("/")
        expect(page.locator("#bell-push [data-on]")).to_be_visible()
        one.screen.is_clean()


def test_it_goes_with_its_person_into_their_next_session_and_is_over_when_they_sign_out(
    own_desk: Desk,
) -> None:
    house, name = own_desk.house, "push-next"
    with closed(own_desk, name) as one:
        page = switched_on(one)
        store, base = house.runtime.store, str(house.http.base_url)

        def comes(token: str) -> None:
            page.context.add_cookies([{"name": "makegood", "value": token, "url": base}])
            one.screen.open("/")

        comes(token_of(house, "push-other", Role.AGENT))
        expect(page.locator("#bell-push [data-on]")).to_be_visible()
        assert len(one.bells()) == 1
        assert bells.listed(store, people.find(store, "push-other@desk.example").id) == []
        session, token = next_session(house, one.address)
        comes(token)
        until(page, lambda: one.bells()[0].session_id == session, "their next session has it")
        expect(page.locator("#bell-push [data-off]")).to_be_visible()
        page.locator("form[action='/sign-out'] button").click()
        page.wait_for_url("**/sign-in")
        assert one.bells() == []
        comes(next_session(house, one.address)[1])
        expect(page.locator("#bell-push [data-on]")).to_be_visible()
        assert one.bells() == [], "asked for by a press alone"
        one.screen.is_clean()


def next_session(house: House, address: str) -> tuple[str, str]:
    """Somebody signs in once more: the session's id and its token."""
    runtime = house.runtime
    person, limits = people.find(runtime.store, address), limits_of(runtime.settings)
    with runtime.store.begin() as transaction:
        session, token = sessions.begin(transaction, person, runtime.clock.now(), limits, None, "a browser")
    return session.id, token


def test_who_says_no_to_the_browser_is_told_how_it_stands(own_desk: Desk) -> None:
    with closed(own_desk, "push-no") as one:
        page = one.screen.page
        page.add_init_script("Notification.requestPermission = async () => 'denied';")
        one.screen.open("/")
        page.get_by_role("button", name="Notify me").click()
        expect(page.locator("#bell-push [role=status]")).to_contain_text("no notifications of this site")
        assert one.bells() == []
        one.screen.is_clean()
