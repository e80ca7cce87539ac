"""Passkeys in a browser, with an authenticator that the browser itself plays: made, used, removed."""

from __future__ import annotations

import pytest

from tests.api.signed_in import token_of
from tests.browser.conftest import Desk, Screen
from tests.browser.test_pages import SIGHTS, found_by_axe, too_wide
from workflow.access.role import Role

_DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def by_name(screen: Screen) -> None:
    """Ask for this machine by the name that passkeys need, whatever session is there by its number."""
    port = screen.base.rpartition(":")[2]
    screen.base = f"http://localhost:{port}"
    cookies = [one | {"domain": "localhost"} for one in screen.page.context.cookies()]
    screen.page.context.add_cookies(cookies)  # type: ignore[arg-type]


def with_device(screen: Screen, **more: object) -> str:
    """The id of an authenticator in this browser."""
    spoken = screen.page.context.new_cdp_session(screen.page)
    spoken.send("WebAuthn.enable")
    made = spoken.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE | more})
    return str(made["authenticatorId"])


@pytest.mark.sampled
@pytest.mark.parametrize("sight", SIGHTS)
def test_somebody_makes_a_passkey_and_signs_in_by_it(desk: Desk, sight: str) -> None:
    name = f"key-{sight.replace(' ', '-')}"
    screen = desk.screen(token_of(desk.house, name, Role.AGENT), **SIGHTS[sight])
    by_name(screen)
    with_device(screen)
    page = screen.page
    screen.open("/admin/me")
    made = page.locator("form[data-passkey=create]")
    made.get_by_role("textbox").fill("My telephone")
    made.get_by_role("button").click()
    page.locator(".done").wait_for()
    assert page.locator("b", has_text="My telephone").is_visible()
    assert found_by_axe(screen, desk.axe) == [] and too_wide(screen) == []
    screen.show_all_pages()
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/sign-in")
    assert found_by_axe(screen, desk.axe) == [] and too_wide(screen) == []
    screen.open("/line")
    used = page.locator("form[data-passkey=get] button")
    used.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{screen.base}/line")
    screen.show_all_pages()
    assert page.get_by_role("link", name=name.title()).is_visible(), "it is they"
    screen.open("/admin/me")
    page.locator("form[action='/admin/me/passkeys/remove'] button").click()
    page.locator(".done").wait_for()
    assert page.get_by_text("My telephone").count() == 0
    screen.is_clean()


def test_a_device_that_says_no_leaves_the_form_as_it_was(desk: Desk) -> None:
    screen = desk.screen(None)
    by_name(screen)
    with_device(screen, isUserVerified=False)
    page = screen.page
    screen.open("/sign-in")
    for _ in range(2):
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("No passkey was given").wait_for()
    assert page.url.endswith("/sign-in")
    screen.is_clean()


def test_without_a_script_there_is_a_password(desk: Desk) -> None:
    screen = desk.screen(None, java_script_enabled=False)
    by_name(screen)
    screen.open("/sign-in")
    assert not screen.page.get_by_role("button", name="Sign in with a passkey").is_visible()
    assert screen.page.locator("#field-password").is_visible()
