"""Single sign-on in a browser, against a real provider of OpenID Connect: there, back, and out again."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.api.conftest import open_house
from tests.api.provider import SECRET
from tests.browser.conftest import Desk, Screen
from tests.browser.test_pages import SIGHTS, found_by_axe, too_wide
from tests.servers.npm_packages import npm_packages
from workflow.access import people
from workflow.access.role import Role
from workflow.clock import SystemClock

_HERE = Path(__file__)


@contextmanager
def provider(packages: Path, home: str) -> Iterator[str]:
    """The address of a provider that leads browsers back to `home`."""
    node = shutil.which("node")
    assert node, "where there is npm there is node"
    command = [node, str(_HERE.with_name("identity_provider.cjs")), str(packages), home]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        lines = iter(process.stdout.readline, "")
        port = next(line.strip() for line in lines if line.strip().isdigit())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait(10)


@pytest.fixture(scope="module")
def desk(
    chromium: Browser,
    axe: str,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    missing: Callable[[str], None],
) -> Iterator[Desk]:
    """A desk whose people sign in at a provider; Ada and Eve are invited, Lea comes by her group."""
    packages = npm_packages(_HERE.with_name("packages"), pytestconfig.cache.mkdir("browser"), missing)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"sqlite:///{tmp_path_factory.mktemp('desk') / 'makegood.db'}"
    with (
        provider(packages, f"http://127.0.0.1:{port}") as issuer,
        open_house(
            url, clock=SystemClock(), port=port, failed_keys_per_minute=0, zone="Europe/Berlin",
            sign_on_issuer=issuer, sign_on_client_id="desk", sign_on_client_secret=SECRET,
            sign_on_name="the house's account", sign_on_roles={"leads": "supervisor"},
        ) as house,
    ):  # fmt: skip
        for name in ("ada", "eve"):
            now = house.runtime.clock.now()
            made = people.checked(f"{name}@desk.example", name.title(), [Role.AGENT], now)
            people.add(house.runtime.store, made)
        yield Desk(house, chromium, axe)


def signs_in(screen: Screen, name: str) -> Page:
    """Go there from the line, and say there that one is this."""
    page = screen.page
    screen.open("/line")
    page.locator("form[action='/sign-in/elsewhere'] button").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{screen.base}/**")
    return page


@pytest.mark.sampled
@pytest.mark.parametrize("sight", SIGHTS)
def test_somebody_signs_in_there_and_is_led_back_to_where_they_wanted(desk: Desk, sight: str) -> None:
    screen = desk.screen(None, **SIGHTS[sight])
    page = signs_in(screen, "ada")
    assert page.url == f"{screen.base}/line"
    screen.show_all_pages()
    assert page.get_by_role("link", name="Ada").is_visible()
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/sign-in")
    assert found_by_axe(screen, desk.axe) == [] and too_wide(screen) == []
    page.locator("a[href*='/session/end']").click()
    page.locator("button[value=yes]").click()
    page.wait_for_url(f"{screen.base}/sign-in**")
    page.locator("form[action='/sign-in/elsewhere'] button").click()
    page.locator("input[name=login]").wait_for()
    assert page.url.startswith(str(desk.house.runtime.settings.sign_on_issuer)), "asked for a name again"


def test_whom_a_group_gives_a_role_needs_no_invitation(desk: Desk) -> None:
    screen = desk.screen(None)
    assert signs_in(screen, "lea").url == f"{screen.base}/line"
    assert people.find(desk.house.runtime.store, "lea@desk.example").roles == (Role.SUPERVISOR,)


@pytest.mark.parametrize("name", ["eve", "nobody"])
def test_whose_address_is_not_verified_or_who_was_not_invited_is_told_so(desk: Desk, name: str) -> None:
    screen = desk.screen(None)
    page = signs_in(screen, name)
    assert page.get_by_text("nobody has let you in here").first.is_visible()
    assert found_by_axe(screen, desk.axe) == []
    screen.open("/")
    assert page.url.endswith("/sign-in")


def test_it_works_without_a_script(desk: Desk) -> None:
    screen = desk.screen(None, java_script_enabled=False)
    assert signs_in(screen, "ada").url == f"{screen.base}/line"
