"""The bell: a sound when somebody new waits, by a press, until acknowledged, quiet in one's hours."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.api.signed_in import token_of
from tests.api.test_desk import call
from tests.browser.conftest import CHRIS, Desk, Screen
from tests.browser.test_pages import found_by_axe, too_wide
from workflow.access.role import Role

HERE = {**CHRIS, "zone": "Europe/Berlin"}
_LISTEN = """
window.notes = 0;
const made = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.notes += 1; return made.call(this); };
"""
"""Counts the notes that a page plays; they are played."""


def opened(desk: Desk, team: str, *, width: int = 1280) -> Screen:
    """Today's page of somebody of this team, whose browser's clock is moved by the test."""
    screen = desk.screen(token_of(desk.house, team, Role.AGENT, teams=(team,)), width=width)
    screen.page.add_init_script(_LISTEN)
    screen.page.clock.install(time="2026-07-01T12:00:00Z")
    screen.open("/")
    expect(screen.page.locator("#live-status")).to_have_text("live")
    return screen


def notes(page: Page) -> int:
    """How many were played since it was opened."""
    return int(page.evaluate("window.notes"))


def test_it_rings_until_it_is_acknowledged_and_not_for_whom_waited_before(desk: Desk) -> None:
    team = "bell"
    call(desk.house, "before", team, customer=HERE)
    screen = opened(desk, team)
    page, banner = screen.page, screen.page.locator("#bell")
    page.get_by_role("button", name="Switch the sound on").click()
    assert notes(page) == 2, "the press plays it once"
    call(desk.house, "new", team, customer=HERE)
    expect(banner).to_be_visible()
    assert banner.locator("[data-text]").inner_text() == "Somebody new waits"
    assert page.title().startswith("(1) ")
    rung = notes(page)
    assert rung > 2
    page.clock.run_for(21_000)
    assert notes(page) > rung, "once more"
    assert found_by_axe(screen, desk.axe) == [] and too_wide(screen) == []
    page.keyboard.press("a")
    expect(banner).to_be_hidden()
    rung = notes(page)
    page.clock.run_for(60_000)
    assert notes(page) == rung
    screen.open("/line")
    expect(page.locator("#live-status")).to_have_text("live")
    expect(banner).to_be_hidden()
    screen.is_clean()


def test_nobody_hears_it_who_has_not_asked_for_it(desk: Desk) -> None:
    page = opened(desk, "bell-no").page
    key = call(desk.house, "new", "bell-no", customer=HERE)
    expect(page.locator(f'[data-id="{key}"]')).to_have_count(1)
    expect(page.locator("#bell")).to_be_hidden()
    assert notes(page) == 0


def test_in_quiet_hours_it_is_seen_and_not_heard(desk: Desk) -> None:
    screen = opened(desk, "bell-quiet", width=320)
    page = screen.page
    page.locator("#bell-from").fill("13:00")  # in Berlin it is two in the afternoon
    page.locator("#bell-to").fill("15:00")
    page.get_by_role("button", name="Switch the sound on").click()
    before = notes(page)
    call(desk.house, "new", "bell-quiet", customer=HERE)
    expect(page.locator("#bell")).to_be_visible()
    page.clock.run_for(21_000)
    assert notes(page) == before
    assert found_by_axe(screen, desk.axe) == [] and too_wide(screen) == []
    page.get_by_role("button", name="No more sounds").click()
    expect(page.locator("#bell")).to_be_hidden()


def test_of_several_tabs_one_rings_and_all_are_acknowledged(desk: Desk) -> None:
    team = "bell-tabs"
    screen = opened(desk, team)
    page = screen.page
    page.get_by_role("button", name="Switch the sound on").click()
    other = page.context.new_page()
    other.add_init_script(_LISTEN)
    other.goto(f"{screen.base}/line")
    expect(other.locator("#live-status")).to_have_text("live")
    call(desk.house, "new", team, customer=HERE)
    for tab in (page, other):
        expect(tab.locator("#bell")).to_be_visible()
    assert notes(page) > 2 and notes(other) == 0
    other.locator("#bell [data-key=a]").click()
    expect(page.locator("#bell")).to_be_hidden()
