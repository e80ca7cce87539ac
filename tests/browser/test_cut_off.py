"""The network is cut in the middle: what was written stays, the page says so, and it is done once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.conftest import House
from tests.api.signed_in import token_of
from tests.api.test_desk import call
from tests.browser.conftest import CHRIS, Desk, Screen
from tests.browser.test_pages import found_by_axe, too_wide
from workflow.access.role import Role

HERE = {**CHRIS, "zone": "Europe/Berlin"}
NOTE = "They want a letter, and an apology"
UNSENT = "Not sent yet"


def at_work(desk: Desk, team: str) -> tuple[Screen, str]:
    """Somebody with a call, who has written down how it went; the key of the call."""
    key = call(desk.house, "1", team, customer=HERE)
    screen = desk.screen(token_of(desk.house, team, Role.AGENT, teams=(team,)), width=390)
    page = screen.page
    page.clock.install()
    screen.open("/line")
    page.locator('[data-key="n"]').click()
    page.wait_for_url(f"**/work/{key}")
    page.get_by_label("no answer").check()
    page.locator("#field-note").fill(NOTE)
    return screen, key


def outcomes(house: House, key: str) -> list[str]:
    """The notes of each outcome that its ledger has."""
    story = house.get(f"/v1/subjects/{key}/timeline").json()["items"]
    return [one["event"]["data"]["note"] for one in story if one["trigger"] == "no_answer"]


def is_done_once(house: House, page: Page, key: str) -> None:
    """They are back at the line and told so; it is there once."""
    page.wait_for_url("**/line")
    expect(page.get_by_role("status").first).to_have_text("Noted.")
    assert outcomes(house, key) == [NOTE]
    assert page.evaluate("Object.keys(sessionStorage).filter((one) => one.startsWith('draft/'))") == []


@pytest.mark.exhaustive
def test_cut_off_for_half_a_minute_an_outcome_waits_and_is_recorded_once(desk: Desk) -> None:
    screen, key = at_work(desk, "cut")
    page = screen.page
    page.context.set_offline(True)
    page.get_by_role("button", name="Save", exact=True).click()
    told = page.locator("#outcome [role=alert]")
    expect(told).to_contain_text(UNSENT)
    assert page.locator("#field-note").input_value() == NOTE and page.get_by_label("no answer").is_checked()
    assert too_wide(screen) == [] and found_by_axe(screen, desk.axe) == []
    page.clock.run_for(30_000)
    expect(told).to_contain_text(UNSENT)
    assert outcomes(desk.house, key) == []
    page.context.set_offline(False)
    is_done_once(desk.house, page, key)


def test_an_answer_that_is_lost_after_it_was_recorded_is_asked_for_again_and_nothing_is_done_twice(
    desk: Desk,
) -> None:
    screen, key = at_work(desk, "lost")
    page = screen.page
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.post_data or "")
            assert route.fetch(max_redirects=0).status == 303, "the server has recorded it"
            route.abort("connectionreset")

    page.route("**/outcome", lose)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#outcome [role=alert]")).to_contain_text(UNSENT)
    assert outcomes(desk.house, key) == [NOTE]
    page.clock.run_for(5_000)
    is_done_once(desk.house, page, key)


def test_a_page_that_is_closed_while_it_is_cut_off_has_its_note_when_it_is_opened_again(desk: Desk) -> None:
    screen, key = at_work(desk, "closed")
    page = screen.page
    # Playwright's own way of being offline ends with the page: it would be online once more before it goes.
    page.context.route("**/*", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#outcome [role=alert]")).to_contain_text(UNSENT)
    page.goto("about:blank")
    page.context.unroute_all()
    screen.open(f"/work/{key}")
    assert page.locator("#field-note").input_value() == NOTE
    assert outcomes(desk.house, key) == []


def test_a_session_that_was_ended_meanwhile_keeps_the_note_past_the_network_and_the_sign_in(
    desk: Desk,
) -> None:
    screen, key = at_work(desk, "cut-ended")
    page = screen.page
    page.context.set_offline(True)
    page.get_by_role("button", name="Save and take the next").click()
    expect(page.locator("#outcome [role=alert]")).to_contain_text(UNSENT)
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.wait_for_url("**/sign-in?**")
    assert "kept in this tab" in page.locator("main").inner_text()
    assert page.evaluate("key => sessionStorage.getItem(`draft/note/${key}`)", key) == NOTE
    assert outcomes(desk.house, key) == []
